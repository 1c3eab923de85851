//! Which columns each role may read and write, as granted; compared with `rls-policies/columns.expected`.

use std::fmt::Write as _;

use surv_tests::TestDatabase;

use crate::expected;

/// Straight from the access lists, tables' and columns' together.
const GRANTS: &str = "
    WITH granted AS (
        SELECT k.relname, a.grantee, a.privilege_type, '*' AS attname, 0 AS attnum
          FROM pg_class k, aclexplode(k.relacl) a
         WHERE k.relnamespace = 'public'::regnamespace AND k.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.grantee <> k.relowner
        UNION ALL
        SELECT k.relname, a.grantee, a.privilege_type, t.attname, t.attnum
          FROM pg_attribute t JOIN pg_class k ON k.oid = t.attrelid, aclexplode(t.attacl) a
         WHERE k.relnamespace = 'public'::regnamespace
    )
    SELECT relname::text, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END, privilege_type,
           string_agg(attname, ' ' ORDER BY attnum)
      FROM granted GROUP BY 1, 2, 3 ORDER BY 1, 2, array_position(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'], privilege_type)";

#[tokio::test]
async fn column_grants_are_as_listed() {
    let mut connection = TestDatabase::shared().await.superuser().await;
    let grants: Vec<(String, String, String, String)> =
        sqlx::query_as(GRANTS).fetch_all(&mut connection).await.unwrap();
    let mut text = String::from(
        "# Grants by table, role and verb; * is the whole row. Written by tests/rls (UPDATE_EXPECTED=1).\n",
    );
    let mut table = String::new();
    for (relation, role, verb, columns) in grants {
        if relation != table {
            let _ = writeln!(text, "\n{relation}");
            table.clone_from(&relation);
        }
        // The table's name on each line: a line alone tells what changed.
        let _ = writeln!(text, "  {relation} {role} {verb}: {columns}");
    }
    expected::compare("columns.expected", &text);
}
