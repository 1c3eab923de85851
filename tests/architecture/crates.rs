//! Which crate of Surv may use which, and what must not be in the program at all.

use std::process::Command;

use serde_json::Value;

use crate::sources::root;

/// Our crates, each with those of ours that it may use. Anything else fails.
const EDGES: &[(&str, &[&str])] = &[
    (
        "surv",
        &[
            "surv-api",
            "surv-integrations",
            "surv-migrations",
            "surv-operations",
            "surv-rls-policies",
            "surv-tenancy",
            "surv-workers",
        ],
    ),
    ("surv-api", &["surv-billing", "surv-integrations", "surv-operations", "surv-tenancy"]),
    ("surv-workers", &["surv-billing", "surv-integrations", "surv-operations", "surv-tenancy"]),
    ("surv-billing", &["surv-operations", "surv-tenancy"]),
    ("surv-operations", &["surv-tenancy"]),
    ("surv-tenancy", &[]),
    ("surv-integrations", &[]),
    ("surv-migrations", &[]),
    ("surv-rls-policies", &[]),
    ("surv-test-database", &["surv-tenancy", "surv-migrations", "surv-rls-policies"]),
    ("surv-simulators", &[]),
    ("surv-load", &["surv-tenancy"]),
    // Tests reach everything.
    (
        "surv-tests",
        &[
            "surv-test-database",
            "surv",
            "surv-api",
            "surv-billing",
            "surv-integrations",
            "surv-migrations",
            "surv-operations",
            "surv-rls-policies",
            "surv-simulators",
            "surv-tenancy",
            "surv-workers",
        ],
    ),
];

/// More of ours that a crate may use in its tests.
const IN_TESTS: &[(&str, &[&str])] = &[
    ("surv-integrations", &["surv-simulators"]),
    ("surv-tenancy", &["surv-test-database"]),
    ("surv-operations", &["surv-test-database"]),
    ("surv-workers", &["surv-simulators", "surv-test-database"]),
    ("surv", &["surv-simulators"]),
];

/// Crates of others and the only ones of ours that may name them. Simulators and load generators are not the product.
const RESERVED: &[(&str, &[&str], &str)] = &[
    ("poem", &["surv", "surv-api", "surv-simulators", "surv-tests"], "HTTP is the edge's"),
    ("poem-openapi", &["surv-api"], "the document is the edge's"),
    (
        "sqlx",
        &[
            "surv",
            "surv-tenancy",
            "surv-operations",
            "surv-billing",
            "surv-workers",
            "surv-migrations",
            "surv-rls-policies",
            "surv-tests",
            "surv-test-database",
            "surv-load",
        ],
        "the edge and the vendors' clients have no SQL",
    ),
    (
        "reqwest",
        &["surv", "surv-integrations", "surv-billing", "surv-simulators", "surv-tests", "surv-load"],
        "calls to others have one place, with time-outs; the program uses it for its health check",
    ),
    ("aws-sdk-s3", &["surv-integrations"], "storage has one client"),
    ("image", &["surv-workers", "surv-tests"], "what people upload is decoded by workers, not by the API"),
    ("biscuit-auth", &["surv-tenancy", "surv-tests"], "tokens are read in one place"),
    ("argon2", &["surv-tenancy"], "passwords are checked in one place"),
];

/// Not in the program, however deep: one TLS stack and one source of cryptography.
const BANNED: &[&str] = &["ring", "openssl", "openssl-sys", "native-tls"];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .expect("cargo answers");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("{key} is a list in cargo metadata"))
}

/// Our crates with their dependencies: name, and whether only tests use it.
fn members(metadata: &Value) -> Vec<(String, Vec<(String, bool)>)> {
    let ours = list(metadata, "workspace_members");
    let packages = list(metadata, "packages").iter().filter(|package| ours.contains(&package["id"]));
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    packages
        .map(|package| {
            let uses = list(package, "dependencies");
            (name(package), uses.iter().map(|one| (name(one), one["kind"] == "dev")).collect())
        })
        .collect()
}

fn allowed(lists: &[(&str, &[&str])], crate_name: &str, used: &str) -> bool {
    lists.iter().any(|(name, uses)| *name == crate_name && uses.contains(&used))
}

#[test]
fn crates_use_each_other_in_one_direction() {
    let members = members(&metadata());
    let mut faults = Vec::new();
    for (name, uses) in &members {
        if !EDGES.iter().any(|(known, _)| known == name) {
            faults.push(format!("{name} is not in EDGES: say what it may use"));
        }
        for (used, in_tests) in uses.iter().filter(|(used, _)| members.iter().any(|(member, _)| member == used)) {
            let fine = allowed(EDGES, name, used) || (*in_tests && allowed(IN_TESTS, name, used));
            if !fine {
                faults.push(format!("{name} must not use {used}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn crates_of_others_are_used_where_they_belong() {
    let mut faults = Vec::new();
    for (name, uses) in members(&metadata()) {
        for (used, in_tests) in uses {
            if let Some((_, places, reason)) = RESERVED.iter().find(|(reserved, ..)| *reserved == used)
                && !places.contains(&name.as_str())
                && !in_tests
            {
                faults.push(format!("{name} must not use {used}: {reason}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// `cargo tree`, because the graph of `cargo metadata` counts optional crates that no feature asks for.
#[test]
fn there_is_one_source_of_cryptography() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--locked", "--offline", "--prefix", "none", "--format", "{p}"])
        .current_dir(root())
        .output()
        .expect("cargo answers");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let names: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();

    assert!(names.contains(&"aws-lc-rs"), "this is not the tree that was asked for");
    for banned in BANNED {
        assert!(!names.contains(banned), "{banned} is in the program; `cargo tree -i {banned}` tells by whom");
    }
}
