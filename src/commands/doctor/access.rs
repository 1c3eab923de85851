//! Who may read and write what: row security, policies, grants and functions, against the files of rls-policies.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use surv_rls_policies::TABLES;

use crate::deployed;

use super::Finding;

const REPAIR: &str = "run surv migrate: it replaces every policy and grant by those of the files";

pub async fn examine(reader: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let mut findings = tables(reader).await?;
    findings.extend(policies(reader).await?);
    findings.extend(granted_to_everybody(reader).await?);
    findings.extend(functions(reader).await?);
    findings.extend(changed_since(reader).await?);
    Ok(findings)
}

/// Catalogue check C1, and tables that have no file or no rows in the catalogue.
async fn tables(reader: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let found: Vec<(String, bool, bool, String)> = sqlx::query_as(
        "SELECT k.relname::text, k.relrowsecurity, k.relforcerowsecurity, pg_get_userbyid(k.relowner)::text
           FROM pg_catalog.pg_class k
          WHERE k.relnamespace = to_regnamespace('public') AND k.relkind IN ('r', 'p', 'm', 'f')
            AND k.relname <> '_sqlx_migrations'",
    )
    .fetch_all(reader)
    .await?;
    let mut wrong = Vec::new();
    for (table, enabled, forced, owner) in &found {
        if !enabled {
            wrong.push(format!("{table}: row level security is off, every row is everybody's"));
        }
        if !forced {
            wrong.push(format!("{table}: row level security is not forced on its owner"));
        }
        if owner != "surv_owner" {
            wrong.push(format!("{table} belongs to {owner}, not to surv_owner"));
        }
        if !TABLES.iter().any(|(known, _)| known == table) {
            wrong.push(format!("{table} has no policy file: this program does not know it"));
        }
    }
    let missing = TABLES.iter().filter(|(known, _)| !found.iter().any(|(table, ..)| table == known));
    wrong.extend(missing.map(|(known, _)| format!("{known} is missing")));
    Ok(Finding::each("row security", format!("on and forced for {} tables", found.len()), wrong, REPAIR))
}

async fn policies(reader: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let found: Vec<(String, String)> = sqlx::query_as(
        "SELECT tablename::text, policyname::text FROM pg_catalog.pg_policies WHERE schemaname = 'public'",
    )
    .fetch_all(reader)
    .await?;
    let found: BTreeSet<(String, String)> = found.into_iter().collect();
    let wanted: BTreeSet<(String, String)> = TABLES.iter().flat_map(|(_, file)| named_in(file)).collect();
    let missing = wanted.difference(&found).map(|(table, policy)| format!("{table}: the policy {policy} is missing"));
    let extra = found.difference(&wanted).map(|(table, policy)| format!("{table}: the policy {policy} is in no file"));
    let wrong = missing.chain(extra).collect();
    Ok(Finding::each("policies", format!("{} are there and no other", wanted.len()), wrong, REPAIR))
}

/// `CREATE POLICY name ON table`, as the files of rls-policies write it.
fn named_in(file: &str) -> Vec<(String, String)> {
    let statements = file.lines().filter_map(|line| line.trim_start().strip_prefix("CREATE POLICY "));
    statements
        .filter_map(|rest| {
            let mut words = rest.split_whitespace();
            match (words.next(), words.next(), words.next()) {
                (Some(policy), Some("ON"), Some(table)) => Some((table.to_owned(), policy.to_owned())),
                _ => None,
            }
        })
        .collect()
}

async fn granted_to_everybody(reader: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT format('PUBLIC has %s on %s', a.privilege_type, k.oid::regclass)
           FROM pg_catalog.pg_class k, aclexplode(k.relacl) a
          WHERE k.relnamespace IN (to_regnamespace('public'), to_regnamespace('app')) AND a.grantee = 0
          UNION ALL
         SELECT format('PUBLIC has %s on column %s of %s', a.privilege_type, t.attname, k.oid::regclass)
           FROM pg_catalog.pg_attribute t JOIN pg_catalog.pg_class k ON k.oid = t.attrelid, aclexplode(t.attacl) a
          WHERE k.relnamespace IN (to_regnamespace('public'), to_regnamespace('app')) AND a.grantee = 0
          UNION ALL
         SELECT format('PUBLIC has %s on function %s', a.privilege_type, f.oid::regprocedure)
           FROM pg_catalog.pg_proc f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
          WHERE f.pronamespace IN (to_regnamespace('public'), to_regnamespace('app')) AND a.grantee = 0
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                             WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e')
          UNION ALL
         SELECT format('PUBLIC has %s on schema %s', a.privilege_type, n.nspname)
           FROM pg_catalog.pg_namespace n, aclexplode(n.nspacl) a
          WHERE n.nspname IN ('public', 'app') AND a.grantee = 0
          UNION ALL
         SELECT format('PUBLIC has %s on the database', a.privilege_type)
           FROM pg_catalog.pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
          WHERE d.datname = current_database() AND a.grantee = 0",
    )
    .fetch_all(reader)
    .await?;
    let repair = "run surv migrate, with database.superuser_url where it is about the database or a schema";
    Ok(Finding::each("grants to PUBLIC", "none", found, repair))
}

/// Catalogue check C9: a definer function may be tricked through its search path, or lends too much.
async fn functions(reader: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT format('%s runs as %s with search_path %s', f.oid::regprocedure, o.rolname, coalesce(f.proconfig::text, 'of the caller'))
           FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_roles o ON o.oid = f.proowner
          WHERE f.pronamespace IN (to_regnamespace('public'), to_regnamespace('app')) AND f.prosecdef
            AND (NOT coalesce(f.proconfig::text ~ 'search_path=pg_catalog, pg_temp', false)
                 OR o.rolsuper OR o.rolcanlogin OR o.rolbypassrls OR o.rolname = 'surv_owner')",
    )
    .fetch_all(reader)
    .await?;
    Ok(Finding::each("definer functions", "pinned, and owned by roles of their own", found, REPAIR))
}

/// The files, and what the catalogue showed right after they were applied, against now.
async fn changed_since(reader: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let Some(there) = deployed::read(reader).await? else {
        return Ok(vec![Finding::broken("policy files", "no record of what was applied", "run surv migrate")]);
    };
    // A newer release's policies are its own affair, as its schema is.
    let newer = there.schema_version > deployed::newest_version();
    let mut findings = vec![if newer || there.policy_files == deployed::policy_files() {
        Finding::fine("policy files", format!("{} were applied", there.policy_files))
    } else {
        Finding::broken("policy files", "the database has those of another release", "run surv migrate of this release")
    }];
    let now = deployed::observe(reader).await?;
    let names: BTreeSet<&String> = there.access.keys().chain(now.keys()).collect();
    let changed = names.into_iter().filter(|name| there.access.get(*name) != now.get(*name));
    let wrong =
        changed.map(|name| format!("{name}: policies, grants or owner were changed since surv migrate")).collect();
    findings.extend(Finding::each("access", "as surv migrate left it", wrong, REPAIR));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_of_every_file_is_found_in_its_text() {
        for (table, file) in TABLES {
            let named = named_in(file);
            assert_eq!(named.len(), file.matches("CREATE POLICY").count(), "{table}");
            assert!(named.iter().all(|(on, _)| on == table), "{table}: {named:?}");
        }
    }
}
