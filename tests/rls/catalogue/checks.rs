//! Who may do what: row security, policies, grants, roles, functions.

use super::Check;

pub(super) const ACCESS: &[Check] = &[
    Check {
        id: "C1",
        finds: "without row security enabled and forced, or of a kind that has none",
        sql: "SELECT k.oid::regclass::text FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace
               WHERE n.nspname IN ('public', 'app')
                 AND ((k.relkind IN ('r', 'p') AND NOT (k.relrowsecurity AND k.relforcerowsecurity)) OR k.relkind IN ('m', 'f'))",
        allowed: &[("_sqlx_migrations", "versions of the schema; nobody but surv_owner has a grant on it")],
    },
    Check {
        id: "C2",
        finds: "has tenant_id but not, in its one spelling, the restrictive policy for it",
        sql: r"SELECT k.oid::regclass::text
                FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace
                JOIN pg_attribute a ON a.attrelid = k.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
               WHERE n.nspname IN ('public', 'app') AND k.relkind IN ('r', 'p') AND (NOT a.attnotnull OR NOT EXISTS (
                   SELECT FROM pg_policies p
                    WHERE p.schemaname = n.nspname AND p.tablename = k.relname AND p.permissive = 'RESTRICTIVE'
                      AND p.cmd = 'ALL' AND p.roles = '{surv_tenant}' AND p.qual = p.with_check
                      AND p.qual ~ '^\(tenant_id = \( SELECT app\.tenant_id\(\) AS tenant_id\)\)$'))",
        allowed: &[
            ("email_challenges", "before a tenant is known; no persona has a grant on it"),
            ("refresh_tokens", "identity path only; no persona has a grant on it"),
            ("sign_ups", "before there is a tenant; no persona has a grant on it"),
        ],
    },
    Check {
        id: "C2b",
        finds: "lacks the tenant's restrictive policy although a persona has a grant on it",
        sql: "SELECT k.oid::regclass::text FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace
               WHERE n.nspname IN ('public', 'app') AND k.relkind IN ('r', 'p')
                 AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = k.oid AND p.polname = 'tenant_only')
                 AND EXISTS (SELECT FROM pg_roles r
                              WHERE pg_has_role(r.oid, 'surv_tenant', 'USAGE') AND r.rolname ~ '^surv_' AND (
                                  has_table_privilege(r.oid, k.oid, 'SELECT, INSERT, UPDATE, DELETE')
                                  OR has_any_column_privilege(r.oid, k.oid, 'SELECT, INSERT, UPDATE')))",
        allowed: &[
            ("webhook_channels", "one row a vendor, of no company: when it was last heard; only workers read it"),("users", "has no tenant: the office reads it through members of its tenant only")],
    },
    Check {
        id: "C2c",
        finds: "a persona has a grant on it but nothing confines a confined token",
        sql: "SELECT k.oid::regclass::text FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace
               WHERE n.nspname IN ('public', 'app') AND k.relkind IN ('r', 'p')
                 AND NOT EXISTS (SELECT FROM pg_policies p
                                  WHERE p.schemaname = n.nspname AND p.tablename = k.relname AND p.permissive = 'RESTRICTIVE'
                                    AND p.policyname = 'confinement' AND p.cmd = 'ALL' AND p.roles = '{surv_tenant}'
                                    AND p.qual LIKE '%app.confined_jobs()%')
                 AND EXISTS (SELECT FROM pg_roles r
                              WHERE pg_has_role(r.oid, 'surv_tenant', 'USAGE') AND r.rolname ~ '^surv_' AND (
                                  has_table_privilege(r.oid, k.oid, 'SELECT, INSERT, UPDATE, DELETE')
                                  OR has_any_column_privilege(r.oid, k.oid, 'SELECT, INSERT, UPDATE')))",
        allowed: &[
            ("webhook_channels", "of no company; workers are never confined"),
            ("customer_users", "customers' policies read it to know who they are; confined for all other personas"),
            ("idempotency_keys", "the key's hash covers the confinement that it was used under"),
        ],
    },
    Check {
        id: "C3",
        finds: "has no tenant_id",
        sql: "SELECT k.oid::regclass::text FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace
               WHERE n.nspname IN ('public', 'app') AND k.relkind IN ('r', 'p')
                 AND NOT EXISTS (SELECT FROM pg_attribute a
                                  WHERE a.attrelid = k.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)",
        allowed: &[
            ("webhook_channels", "about vendors and not about companies"),
            ("_sqlx_migrations", "not a table of the product"),
            ("kept_outcomes", "of log-ins, before a tenant is known; encrypted"),
            ("recovery_codes", "belong to a person, who is the same in every company"),
            ("users", "people, who are the same in every company"),
        ],
    },
    Check {
        id: "C4",
        finds: "permissive policy for PUBLIC, or for a role outside surv_tenant that is no named path",
        sql: "SELECT p.tablename || ' ' || p.policyname || ' ' || r FROM pg_policies p, unnest(p.roles) r
               WHERE p.schemaname IN ('public', 'app') AND p.permissive = 'PERMISSIVE'
                 AND (r = 'public' OR NOT pg_has_role(r, 'surv_tenant', 'USAGE'))
                 AND NOT (r = 'surv_identity' AND p.policyname = 'identity_path')
                 AND NOT (r = 'surv_signup' AND p.policyname IN ('signup_path', 'identity_path', 'paths_enqueue'))
                 AND NOT (r IN ('surv_identity', 'surv_intake') AND p.policyname = 'paths_enqueue')
                 AND NOT (r = 'surv_intake' AND p.policyname = 'intake_path')
                 AND NOT (r = 'surv_dispatch' AND p.policyname = 'dispatch_path')
                 AND NOT (r = 'surv_operator' AND p.policyname = 'operator_path')
                 AND NOT (r = 'surv_purge' AND p.policyname = 'purge_path')
                 AND NOT (r = 'surv_gate_fn' AND p.policyname = 'gate_fn_path')
                 AND NOT (r = 'surv_directory_fn' AND p.policyname = 'directory_fn_path')",
        allowed: &[],
    },
    Check {
        id: "C4b",
        finds: "cross-tenant path that reaches a table outside its list",
        sql: "SELECT DISTINCT r || ' ' || p.tablename FROM pg_policies p, unnest(p.roles) r
               WHERE p.schemaname IN ('public', 'app') AND p.permissive = 'PERMISSIVE'
                 AND r IN ('surv_dispatch', 'surv_intake', 'surv_operator', 'surv_purge', 'surv_gate_fn', 'surv_directory_fn', 'surv_identity', 'surv_signup')
                 AND p.tablename IN ('customers', 'customer_words', 'contacts', 'properties', 'jobs', 'visits', 'assignments', 'notes', 'counters')",
        allowed: &[],
    },
    Check {
        id: "C5",
        finds: "lets a narrowed persona read or write whatever there is",
        sql: "SELECT p.tablename || ' ' || p.policyname || ' ' || p.cmd FROM pg_policies p
               WHERE p.schemaname IN ('public', 'app') AND p.permissive = 'PERMISSIVE'
                 AND p.roles && '{surv_technician,surv_customer}'::name[] AND (p.qual = 'true' OR p.with_check = 'true')",
        allowed: &[
            ("tenant_branding people_read_own SELECT", "one row a company, meant to be shown to everybody in it"),
            ("tenants people_read_own SELECT", "one row a company: its name and zone"),
        ],
    },
    Check {
        id: "C6",
        finds: "changes rows by another predicate than it reads them by",
        sql: "SELECT u.tablename || ' ' || u.policyname || ' ' || u.cmd
                FROM pg_policies u JOIN pg_policies s ON (s.schemaname, s.tablename) = (u.schemaname, u.tablename)
                 AND s.cmd = 'SELECT' AND s.roles && u.roles AND s.permissive = 'PERMISSIVE'
               WHERE u.schemaname IN ('public', 'app') AND u.cmd IN ('UPDATE', 'DELETE') AND u.permissive = 'PERMISSIVE'
                 AND s.qual <> 'true'
                 -- One of several policies for reading is enough: an office reads its own sessions and all links.
                 AND NOT EXISTS (SELECT FROM pg_policies t
                                  WHERE (t.schemaname, t.tablename, t.cmd, t.permissive) = (u.schemaname, u.tablename, 'SELECT', 'PERMISSIVE')
                                    AND t.roles && u.roles AND t.qual = u.qual)",
        allowed: &[],
    },
    Check {
        id: "C7",
        finds: "used by a policy but not STABLE and PARALLEL SAFE: plans are cached across tenants",
        sql: "SELECT f.oid::regprocedure::text
                FROM pg_policy p JOIN pg_class k ON k.oid = p.polrelid JOIN pg_namespace n ON n.oid = k.relnamespace
                JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_proc'::regclass
                JOIN pg_proc f ON f.oid = d.refobjid
               WHERE n.nspname IN ('public', 'app') AND (f.provolatile <> 's' OR f.proparallel <> 's')",
        allowed: &[],
    },
    Check {
        id: "C7b",
        finds: "reads its context bare and not in (SELECT …)",
        sql: r"SELECT tablename || ' ' || policyname FROM pg_policies
               WHERE schemaname IN ('public', 'app')
                 AND regexp_replace(coalesce(qual, '') || coalesce(with_check, ''), '\( SELECT app\.\w+\(\) AS \w+\)', '', 'g')
                     ~ 'app\.\w+\(|current_setting'",
        allowed: &[],
    },
    Check {
        id: "C7c",
        finds: "EXISTS without OFFSET 0: a hashed subplan over everything visible",
        sql: "SELECT tablename || ' ' || policyname FROM pg_policies
               WHERE schemaname IN ('public', 'app') AND coalesce(qual, '') || coalesce(with_check, '') ~ 'EXISTS'
                 AND coalesce(qual, with_check) !~ 'OFFSET 0'",
        allowed: &[],
    },
    Check {
        id: "C8",
        finds: "view that reads with its owner's rights",
        sql: "SELECT k.oid::regclass::text FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace
               WHERE n.nspname IN ('public', 'app') AND k.relkind = 'v'
                 AND NOT coalesce(k.reloptions::text ~ 'security_invoker=(true|on|1|yes)', false)",
        allowed: &[],
    },
    Check {
        id: "C9",
        finds: "SECURITY DEFINER without a pinned search_path, for PUBLIC, or of an owner with too much",
        sql: "SELECT f.oid::regprocedure::text
                FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace JOIN pg_roles o ON o.oid = f.proowner
               WHERE n.nspname IN ('public', 'app') AND f.prosecdef AND (
                   NOT EXISTS (SELECT FROM unnest(f.proconfig) x WHERE x ~ '^search_path=(pg_catalog, )?(.*, )?pg_temp$')
                   OR o.rolsuper OR o.rolcanlogin OR o.rolbypassrls OR o.rolname !~ '^surv_.*_fn$'
                   OR EXISTS (SELECT FROM aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a WHERE a.grantee = 0))",
        allowed: &[],
    },
    Check {
        id: "C10",
        finds: "granted to PUBLIC, or a right on a table that nobody needs to serve requests",
        sql: "SELECT k.oid::regclass || ' ' || a.privilege_type || ' ' || CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END
                FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace, aclexplode(k.relacl) a
               WHERE n.nspname IN ('public', 'app') AND a.grantee <> k.relowner
                 AND (a.grantee = 0 OR a.is_grantable OR a.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER'))
              UNION ALL
              SELECT k.oid::regclass || '.' || t.attname || ' ' || a.privilege_type
                FROM pg_attribute t JOIN pg_class k ON k.oid = t.attrelid JOIN pg_namespace n ON n.oid = k.relnamespace,
                     aclexplode(t.attacl) a
               WHERE n.nspname IN ('public', 'app') AND (a.grantee = 0 OR a.is_grantable OR a.privilege_type = 'REFERENCES')",
        allowed: &[],
    },
    Check {
        id: "C10b",
        finds: "schema, database or function that PUBLIC may use",
        sql: "SELECT f.oid::regprocedure::text
                FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace,
                     aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
               WHERE n.nspname IN ('public', 'app') AND a.grantee = 0
                 AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'btree_gist'
                                  WHERE d.objid = f.oid AND d.deptype = 'e')
              UNION ALL
              SELECT n.nspname || ' ' || a.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) a
               WHERE n.nspname IN ('public', 'app') AND a.grantee = 0
              UNION ALL
              SELECT 'database ' || a.privilege_type
                FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
               WHERE d.datname = current_database() AND a.grantee = 0",
        allowed: &[],
    },
    Check {
        id: "C10c",
        finds: "may call set_config, and with it change tenant or role inside a query",
        sql: "SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END
                FROM pg_proc f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
               WHERE f.oid = 'pg_catalog.set_config(text,text,boolean)'::regprocedure AND a.grantee <> f.proowner",
        allowed: &[],
    },
    Check {
        id: "C11",
        finds: "role of Surv with an attribute that goes round policies, or a login that inherits",
        sql: "SELECT rolname::text FROM pg_roles
               WHERE rolname ~ '^surv_' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
                   OR (rolcanlogin AND rolinherit) OR (rolcanlogin <> (rolname ~ '_login$')))",
        allowed: &[],
    },
    Check {
        id: "C11b",
        finds: "membership that lets a role become more than its persona",
        sql: "SELECT pg_get_userbyid(m.member) || ' in ' || pg_get_userbyid(m.roleid) FROM pg_auth_members m
               WHERE pg_get_userbyid(m.member) ~ '^surv_' AND (m.admin_option OR NOT (
                   (pg_get_userbyid(m.member), pg_get_userbyid(m.roleid)) IN (
                       ('surv_office', 'surv_tenant'), ('surv_technician', 'surv_tenant'), ('surv_customer', 'surv_tenant'),
                       ('surv_worker', 'surv_tenant'), ('surv_admin', 'surv_office'), ('surv_manager', 'surv_office'))
                   OR pg_get_userbyid(m.member) = pg_get_userbyid(m.roleid) || '_login'))",
        allowed: &[
            ("surv_migrator_login in surv_owner", "acts as the owner; serves no request"),
            ("surv_migrator_login in surv_gate_fn", "hands functions to it; serves no request"),
            ("surv_migrator_login in surv_directory_fn", "hands functions to it; serves no request"),
        ],
    },
    Check {
        id: "C11c",
        finds: "belongs to somebody other than surv_owner",
        sql: "SELECT k.oid::regclass::text FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace
               WHERE n.nspname IN ('public', 'app') AND k.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
                 AND pg_get_userbyid(k.relowner) <> 'surv_owner'",
        allowed: &[],
    },
];
