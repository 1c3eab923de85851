//! What `surv migrate` left in a database, and what is there now.
//!
//! The record is a comment on schema `app`: any login may read it, only the owner may write it. It holds the newest
//! migration, the fingerprint of the policy files, and one of each table's access as the catalogue showed it right
//! after. So `surv doctor` names the table whose policies, grants or owner somebody changed by hand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use surv_rls_policies::{CONTEXT, FUNCTIONS, TABLES};

pub use surv_migrations::newest_version;

/// What was applied last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    pub schema_version: i64,
    /// Of the files of rls-policies.
    pub policy_files: String,
    /// Of what the catalogue says, by table and by `functions`.
    pub access: BTreeMap<String, String>,
}

/// The fingerprint of the policy files in this program.
pub fn policy_files() -> String {
    let files = TABLES.iter().flat_map(|(table, file)| [*table, *file]);
    fingerprint([CONTEXT, FUNCTIONS].into_iter().chain(files))
}

/// What the database says was applied; nothing if it was never migrated.
///
/// # Errors
/// The database's own.
pub async fn read(connection: &mut PgConnection) -> Result<Option<Deployed>, sqlx::Error> {
    let comment: Option<String> = sqlx::query_scalar(
        "SELECT obj_description(n.oid, 'pg_namespace') FROM pg_catalog.pg_namespace n WHERE n.nspname = 'app'",
    )
    .fetch_optional(connection)
    .await?
    .flatten();
    Ok(comment.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Writes down what is there. As `surv_owner`, right after the policies.
///
/// # Errors
/// The database's own.
pub async fn record(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let deployed =
        Deployed { schema_version: newest_version(), policy_files: policy_files(), access: observe(connection).await? };
    let text = serde_json::to_string(&deployed).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let statement: String = sqlx::query_scalar("SELECT format('COMMENT ON SCHEMA app IS %L', $1::text)")
        .bind(text)
        .fetch_one(&mut *connection)
        .await?;
    sqlx::query(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}

/// One fingerprint of each table's access, and one of all functions of the product.
///
/// # Errors
/// The database's own.
pub async fn observe(connection: &mut PgConnection) -> Result<BTreeMap<String, String>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    // Expressions print names as the search path needs them, so it has to be the same for everybody.
    sqlx::query("SET LOCAL search_path = pg_catalog, pg_temp").execute(&mut *transaction).await?;
    let tables: Vec<(String, String)> = sqlx::query_as(TABLE_ACCESS).fetch_all(&mut *transaction).await?;
    let functions: Option<String> = sqlx::query_scalar(FUNCTION_ACCESS).fetch_one(&mut *transaction).await?;
    transaction.rollback().await?;
    let functions = ("functions".to_owned(), functions.unwrap_or_default());
    let all = tables.into_iter().chain([functions]);
    Ok(all.map(|(name, text)| (name, fingerprint([text.as_str()]))).collect())
}

fn fingerprint<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        // Lengths keep "ab", "c" apart from "a", "bc".
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    hex::encode(&hash.finalize()[..16])
}

/// Roles by name, never by number: a restored cluster has other numbers.
const TABLE_ACCESS: &str = "
SELECT k.relname::text,
       concat_ws(E'\\n', k.relrowsecurity::text, k.relforcerowsecurity::text, pg_get_userbyid(k.relowner),
           (SELECT string_agg(concat_ws(' ', p.polname, p.polcmd, p.polpermissive,
                       (SELECT string_agg(coalesce(r.rolname, 'public'), ',' ORDER BY coalesce(r.rolname, 'public'))
                          FROM unnest(p.polroles) o LEFT JOIN pg_roles r ON r.oid = o),
                       'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)),
                   E'\\n' ORDER BY p.polname)
              FROM pg_policy p WHERE p.polrelid = k.oid),
           (SELECT string_agg(g.line, E'\\n' ORDER BY g.line)
              FROM (SELECT concat_ws(' ', '*', coalesce(r.rolname, 'public'), a.privilege_type, a.is_grantable) AS line
                      FROM aclexplode(k.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
                     UNION ALL
                    SELECT concat_ws(' ', t.attname, coalesce(r.rolname, 'public'), a.privilege_type, a.is_grantable)
                      FROM pg_attribute t, aclexplode(t.attacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
                     WHERE t.attrelid = k.oid AND NOT t.attisdropped) g))
  FROM pg_class k
 WHERE k.relnamespace = 'public'::regnamespace AND k.relkind IN ('r', 'p') AND k.relname <> '_sqlx_migrations'
 ORDER BY k.relname";

const FUNCTION_ACCESS: &str = "
SELECT string_agg(concat_ws(' ', pg_get_functiondef(f.oid), pg_get_userbyid(f.proowner),
           (SELECT string_agg(concat_ws(' ', coalesce(r.rolname, 'public'), a.privilege_type), ','
                       ORDER BY coalesce(r.rolname, 'public'))
              FROM aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
              LEFT JOIN pg_roles r ON r.oid = a.grantee)), E'\\n' ORDER BY f.oid::regprocedure::text)
  FROM pg_proc f
 WHERE f.pronamespace = to_regnamespace('app')";
