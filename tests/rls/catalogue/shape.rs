//! How tables, keys and indexes are made, and what else could carry rows out.

use super::Check;

pub(super) const SHAPE: &[Check] = &[
    Check {
        id: "C12",
        finds: "unique across companies: tells that another one has the value",
        sql: "SELECT i.indexrelid::regclass::text
                FROM pg_index i JOIN pg_class k ON k.oid = i.indrelid JOIN pg_namespace n ON n.oid = k.relnamespace
               WHERE n.nspname IN ('public', 'app') AND (i.indisunique OR i.indisexclusion)
                 AND NOT EXISTS (SELECT FROM unnest(i.indkey) a
                                   JOIN pg_attribute t ON t.attrelid = k.oid AND t.attnum = a WHERE t.attname = 'tenant_id')",
        allowed: &[
            ("webhook_channels_pkey", "one row a vendor; no persona inserts"),
            ("_sqlx_migrations_pkey", "not a table of the product"),
            ("email_challenges_pkey", "random ids, identity path only"),
            ("kept_outcomes_pkey", "keyed hashes that nobody else can make; paths only"),
            ("recovery_codes_pkey", "belong to a person; identity path only"),
            ("sign_ups_pkey", "random ids, sign-up path only"),
            ("tenants_slug_key", "a slug is a host name, so it is public"),
            ("users_email_key", "the log-in directory; only paths that answer the same either way write it"),
            ("users_pkey", "random ids, written by paths only"),
        ],
    },
    Check {
        id: "C13",
        finds: "foreign key between tables of tenants that does not pair their tenants",
        sql: "SELECT x.conrelid::regclass || ' ' || x.conname FROM pg_constraint x JOIN pg_namespace n ON n.oid = x.connamespace
               WHERE n.nspname IN ('public', 'app') AND x.contype = 'f'
                 AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = x.confrelid AND attname = 'tenant_id' AND NOT attisdropped)
                 AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = x.conrelid AND attname = 'tenant_id' AND NOT attisdropped)
                 AND NOT EXISTS (SELECT FROM generate_subscripts(x.conkey, 1) i
                                   JOIN pg_attribute a ON a.attrelid = x.conrelid AND a.attnum = x.conkey[i]
                                   JOIN pg_attribute b ON b.attrelid = x.confrelid AND b.attnum = x.confkey[i]
                                  WHERE a.attname = 'tenant_id' AND b.attname = 'tenant_id')",
        allowed: &[],
    },
    Check {
        id: "C14",
        finds: "SET NULL or SET DEFAULT that would reach tenant_id",
        sql: "SELECT x.conrelid::regclass || ' ' || x.conname FROM pg_constraint x JOIN pg_namespace n ON n.oid = x.connamespace
               WHERE n.nspname IN ('public', 'app') AND x.contype = 'f'
                 AND ((x.confdeltype IN ('n', 'd') AND x.confdelsetcols IS NULL) OR x.confupdtype IN ('n', 'd'))",
        allowed: &[],
    },
    Check {
        id: "C15",
        finds: "has tenant_id but no index that begins with it",
        sql: "SELECT k.oid::regclass::text FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace
                JOIN pg_attribute a ON a.attrelid = k.oid AND a.attname = 'tenant_id'
               WHERE n.nspname IN ('public', 'app') AND k.relkind IN ('r', 'p')
                 AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = k.oid AND i.indkey[0] = a.attnum)",
        allowed: &[
            ("email_challenges", "found by person and kind"),
            ("sign_ups", "found by its own id; gone after a day"),
        ],
    },
    Check {
        id: "C15b",
        finds: "index whose operators are not leakproof: no index condition under row security",
        sql: "SELECT i.indexrelid::regclass::text
                FROM pg_index i JOIN pg_class k ON k.oid = i.indrelid JOIN pg_namespace n ON n.oid = k.relnamespace,
                     unnest(i.indclass) oc JOIN pg_opclass c ON c.oid = oc
                JOIN pg_amop op ON op.amopfamily = c.opcfamily AND op.amoplefttype = c.opcintype AND op.amoprighttype = c.opcintype
                JOIN pg_operator o ON o.oid = op.amopopr JOIN pg_proc p ON p.oid = o.oprcode
               WHERE n.nspname IN ('public', 'app') AND op.amoppurpose = 's' AND NOT p.proleakproof
                 -- bytea's are all not leakproof; hashes are looked up by exact key, after tenant and owner.
                 AND op.amoplefttype <> 'bytea'::regtype",
        allowed: &[("assignments_overlap_excl", "a constraint; nothing is looked up by it")],
    },
    Check {
        id: "C16",
        finds: "release with known holes in row security or memory safety",
        sql: "SELECT current_setting('server_version') WHERE current_setting('server_version_num')::int % 10000
                  < CASE current_setting('server_version_num')::int / 10000 WHEN 15 THEN 18 WHEN 16 THEN 14 WHEN 17 THEN 10
                                                                         WHEN 18 THEN 4 ELSE 0 END",
        allowed: &[],
    },
    Check {
        id: "C17",
        finds: "trigger that runs with its owner's rights, or a rule",
        sql: "SELECT t.tgrelid::regclass || ' ' || t.tgname
                FROM pg_trigger t JOIN pg_class k ON k.oid = t.tgrelid JOIN pg_namespace n ON n.oid = k.relnamespace
                JOIN pg_proc f ON f.oid = t.tgfoid
               WHERE n.nspname IN ('public', 'app') AND NOT t.tgisinternal AND f.prosecdef
              UNION ALL
              SELECT r.ev_class::regclass || ' ' || r.rulename
                FROM pg_rewrite r JOIN pg_class k ON k.oid = r.ev_class JOIN pg_namespace n ON n.oid = k.relnamespace
               WHERE n.nspname IN ('public', 'app') AND r.rulename <> '_RETURN'",
        allowed: &[],
    },
    Check {
        id: "C17b",
        finds: "publication: replication does not know policies",
        sql: "SELECT pubname::text FROM pg_publication WHERE puballtables
              UNION ALL SELECT pubname::text FROM pg_publication_tables WHERE schemaname IN ('public', 'app')",
        allowed: &[],
    },
    Check {
        id: "C18",
        finds: "sequence: counts what all companies do",
        sql: "SELECT k.oid::regclass::text FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace
               WHERE n.nspname IN ('public', 'app') AND k.relkind = 'S'",
        allowed: &[],
    },
];
