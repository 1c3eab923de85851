//! Roles: their attributes, who is a member of whom, and the time-outs of the logins.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;
use surv_rls_policies::LOGINS;

use super::Finding;

/// Roles that nobody logs in as.
const GROUPS: &[&str] = &[
    "surv_owner",
    "surv_tenant",
    "surv_office",
    "surv_admin",
    "surv_manager",
    "surv_technician",
    "surv_customer",
    "surv_worker",
    "surv_identity",
    "surv_signup",
    "surv_dispatch",
    "surv_intake",
    "surv_operator",
    "surv_purge",
    "surv_gate_fn",
    "surv_directory_fn",
];

/// Who is a member of what, apart from each login's own role.
const MEMBERS: &[(&str, &str)] = &[
    ("surv_office", "surv_tenant"),
    ("surv_technician", "surv_tenant"),
    ("surv_customer", "surv_tenant"),
    ("surv_worker", "surv_tenant"),
    ("surv_admin", "surv_office"),
    ("surv_manager", "surv_office"),
    ("surv_migrator_login", "surv_owner"),
    ("surv_migrator_login", "surv_gate_fn"),
    ("surv_migrator_login", "surv_directory_fn"),
];

/// Without these a hanging request keeps its connection, its locks or its transaction.
const SETTINGS: &[&str] =
    &["statement_timeout=", "lock_timeout=", "idle_in_transaction_session_timeout=", "search_path="];

const REPAIR: &str = "run surv migrate with database.superuser_url";

#[derive(sqlx::FromRow)]
struct RoleRow {
    name: String,
    log_in: bool,
    inherit: bool,
    powerful: bool,
    settings: Vec<String>,
}

pub async fn examine(reader: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let rows: Vec<RoleRow> = sqlx::query_as(
        "SELECT r.rolname::text AS name, r.rolcanlogin AS log_in, r.rolinherit AS inherit,
                r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication AS powerful,
                coalesce(r.rolconfig, '{}') AS settings
           FROM pg_catalog.pg_roles r WHERE r.rolname ~ '^surv_'",
    )
    .fetch_all(&mut *reader)
    .await?;
    let members: Vec<(String, String, bool)> = sqlx::query_as(
        // inherit_option came with Postgres 16; before, the role's own attribute decided.
        "SELECT m.rolname::text, g.rolname::text, coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, m.rolinherit)
           FROM pg_catalog.pg_auth_members a
           JOIN pg_catalog.pg_roles m ON m.oid = a.member
           JOIN pg_catalog.pg_roles g ON g.oid = a.roleid
          WHERE m.rolname ~ '^surv_'",
    )
    .fetch_all(reader)
    .await?;
    let rows: BTreeMap<String, RoleRow> = rows.into_iter().map(|row| (row.name.clone(), row)).collect();
    let mut findings = Finding::each("roles", format!("{} as they should be", rows.len()), attributes(&rows), REPAIR);
    findings.extend(memberships(&members));
    Ok(findings)
}

fn attributes(rows: &BTreeMap<String, RoleRow>) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in GROUPS.iter().chain(LOGINS) {
        let Some(row) = rows.get(*name) else {
            wrong.push(format!("{name} is missing"));
            continue;
        };
        let is_login = LOGINS.contains(name);
        if row.log_in != is_login {
            wrong.push(format!("{name} {}", if is_login { "cannot log in" } else { "can log in" }));
        }
        if is_login && row.inherit {
            wrong.push(format!("{name} inherits its role's rights without SET ROLE"));
        }
        for setting in SETTINGS.iter().filter(|_| is_login && *name != "surv_migrator_login") {
            if !row.settings.iter().any(|set| set.starts_with(setting)) {
                wrong.push(format!("{name} has no {}", setting.trim_end_matches('=')));
            }
        }
    }
    // Whatever its name: a role of ours with such a right is a way around every policy.
    let powerful = rows.values().filter(|row| row.powerful);
    wrong.extend(powerful.map(|row| format!("{} is superuser, bypasses RLS, or may create or replicate", row.name)));
    wrong
}

fn memberships(found: &[(String, String, bool)]) -> Vec<Finding> {
    let own = |login: &&str| (login.to_string(), login.trim_end_matches("_login").to_owned());
    let own = LOGINS.iter().filter(|login| **login != "surv_migrator_login").map(own);
    let listed = MEMBERS.iter().map(|(member, group)| ((*member).to_owned(), (*group).to_owned()));
    let wanted: BTreeSet<(String, String)> = own.chain(listed).collect();
    let there: BTreeSet<(String, String)> =
        found.iter().map(|(member, group, _)| (member.clone(), group.clone())).collect();
    let mut findings: Vec<Finding> = wanted
        .difference(&there)
        .map(|(member, group)| Finding::broken("memberships", format!("{member} is not a member of {group}"), REPAIR))
        .collect();
    findings.extend(there.difference(&wanted).map(|(member, group)| {
        let detail = format!("{member} is a member of {group}: it may become that role");
        Finding::broken("memberships", detail, format!("as superuser: REVOKE {group} FROM {member}"))
    }));
    for (member, group, _) in
        found.iter().filter(|(member, _, inherits)| *inherits && LOGINS.contains(&member.as_str()))
    {
        let detail = format!("{member} inherits the rights of {group} without SET ROLE");
        findings.push(Finding::broken("memberships", detail, REPAIR));
    }
    if findings.is_empty() {
        findings.push(Finding::fine("memberships", format!("{} and no other", wanted.len())));
    }
    findings
}
