//! The document: the list of resources, and what poem-openapi can't say by itself.

use std::sync::Arc;

use poem_openapi::{ContactObject, LicenseObject, OpenApiService};
use serde_json::{Map, Value, json};

use crate::{
    deps::Deps,
    door::Door,
    problem::ProblemKind,
    resources::{
        auth::AuthApi,
        company::CompanyApi,
        customers::CustomersApi,
        events::EventsApi,
        files::FilesApi,
        jobs::JobsApi,
        logo::LogoApi,
        members::{InvitationsApi, MembersApi},
        notes::NotesApi,
        portal::PortalApi,
        properties::PropertiesApi,
        sessions::SessionsApi,
        tokens::TokensApi,
        visits::VisitsApi,
        work::WorkApi,
    },
};

type Resources = (
    (AuthApi, LogoApi, SessionsApi, CompanyApi, MembersApi, InvitationsApi, TokensApi),
    (CustomersApi, PropertiesApi, JobsApi, VisitsApi, NotesApi, FilesApi),
    (WorkApi, PortalApi, EventsApi),
);

/// The public surface: a resource that isn't here doesn't exist.
pub fn service(deps: &Deps) -> OpenApiService<Resources, ()> {
    let door = Door::new(deps.clone());
    let resources = (
        (
            AuthApi(door.clone()),
            LogoApi(door.clone()),
            SessionsApi(door.clone()),
            CompanyApi(door.clone()),
            MembersApi(door.clone()),
            InvitationsApi(door.clone()),
            TokensApi(door.clone()),
        ),
        (
            CustomersApi(door.clone()),
            PropertiesApi(door.clone()),
            JobsApi(door.clone()),
            VisitsApi(door.clone()),
            NotesApi(door.clone()),
            FilesApi(door.clone()),
        ),
        (WorkApi(door.clone()), PortalApi(door.clone()), EventsApi(door)),
    );
    OpenApiService::new(resources, "Surv", "1.0.0")
        .summary("The field-service platform's API")
        .description(
            "Everything the web console, the technicians' app and the customers' portal do. Errors are RFC 9457 problems. \
             POSTs take an `Idempotency-Key`, changes need `If-Match`, lists go on by `cursor`.",
        )
        .license(LicenseObject::new("Apache-2.0").identifier("Apache-2.0"))
        .contact(ContactObject::new().name("Surv"))
}

/// The document as JSON text, keys in a stable order.
pub fn document(deps: &Deps) -> String {
    let mut document: Value = serde_json::from_str(&service(deps).spec()).unwrap_or_default();
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for (path, operations) in paths.iter_mut() {
            for (method, operation) in operations.as_object_mut().into_iter().flatten() {
                complete(path, method, operation);
            }
        }
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// The document as programs and as people read it. Made once: it is the same for everybody, and asked for without a
/// token.
#[derive(Debug, Clone)]
pub struct Published {
    pub json: Arc<str>,
    /// A page with its scripts inside.
    pub html: Arc<str>,
}

impl Published {
    pub fn of(deps: &Deps) -> Self {
        let (service, json) = (service(deps), document(deps));
        // poem's page holds poem's document; people shall read the whole one, and nothing comes from elsewhere.
        let html = service
            .scalar_html()
            .replacen(&service.spec(), &json.replace("</", "<\\/"), 1)
            .replacen("<html>", "<html lang=\"en\">", 1)
            .replacen("<title>Scalar</title>", "<title>Surv API</title>", 1)
            .replacen(
                "id=\"api-reference\"",
                "id=\"api-reference\" data-configuration='{\"withDefaultFonts\":false}'",
                1,
            );
        Self { json: json.into(), html: html.into() }
    }
}

/// Adds the headers and the refusals that follow from an operation's shape.
fn complete(path: &str, method: &str, operation: &mut Value) {
    let secured = operation.get("security").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let has_body = operation.get("requestBody").is_some();
    let has_id = path.contains('{');
    let takes_version = secured
        && (method == "patch"
            || (method == "post" && IF_MATCH_POSTS.iter().any(|end| path.ends_with(end)))
            || (method == "delete" && IF_MATCH_DELETES.contains(&path)));
    if takes_version {
        parameter(operation, "If-Match", true, "The ETag of what was read; 412 if it changed since.");
    }
    if secured && method == "post" && !WITHOUT_KEY.iter().any(|start| path.starts_with(start)) {
        parameter(operation, "Idempotency-Key", false, "Repeats of a request with the same key get the first answer.");
    }
    let mut kinds = vec![
        ProblemKind::InvalidParameter,
        ProblemKind::TooManyRequests,
        ProblemKind::Internal,
        ProblemKind::Unavailable,
    ];
    if secured {
        kinds.extend([ProblemKind::Unauthenticated, ProblemKind::Forbidden]);
    } else {
        kinds.extend([
            ProblemKind::WrongCredentials,
            ProblemKind::Conflict,
            ProblemKind::LinkEnded,
            ProblemKind::CrossSite,
        ]);
    }
    // A token that is confined to a job does not see the company either.
    if has_id || path.starts_with("/v1/company") {
        kinds.push(ProblemKind::NotFound);
    }
    if method != "get" {
        kinds.extend([
            ProblemKind::InvalidTransition,
            ProblemKind::InvalidFields,
            ProblemKind::LinkEnded,
            ProblemKind::NotFound,
        ]);
    }
    if has_body {
        kinds.extend([ProblemKind::BodyTooLarge, ProblemKind::UnsupportedMediaType]);
    }
    if takes_version {
        kinds.extend([ProblemKind::Stale, ProblemKind::PreconditionRequired]);
    }
    refusals(operation, &kinds);
}

/// POSTs that act on a version.
const IF_MATCH_POSTS: &[&str] = &["/archive", "/restore", "/cancel"];

/// DELETEs that act on a version; the others end something that has none.
const IF_MATCH_DELETES: &[&str] = &["/v1/files/{file_id}"];

/// POSTs that do the same when repeated, or that answer with a secret, which isn't kept.
const WITHOUT_KEY: &[&str] = &["/v1/sessions", "/v1/tokens/revoke"];

fn parameter(operation: &mut Value, name: &str, required: bool, description: &str) {
    let Some(operation) = operation.as_object_mut() else { return };
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(list) = parameters.as_array_mut() {
        list.push(json!({
            "name": name, "in": "header", "required": required, "description": description, "schema": { "type": "string" },
        }));
    }
}

/// One answer per status, naming the kinds of problem behind it.
fn refusals(operation: &mut Value, kinds: &[ProblemKind]) {
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    responses.remove("default");
    let mut by_status: std::collections::BTreeMap<u16, Vec<ProblemKind>> = std::collections::BTreeMap::new();
    for kind in kinds {
        let list = by_status.entry(kind.status()).or_default();
        if !list.contains(kind) {
            list.push(*kind);
        }
    }
    for (status, kinds) in by_status {
        responses.insert(status.to_string(), refusal(&kinds));
    }
}

fn refusal(kinds: &[ProblemKind]) -> Value {
    let titles: Vec<_> = kinds.iter().map(|kind| format!("{} (`{}`)", kind.title(), kind.slug())).collect();
    let examples: Map<String, Value> = kinds
        .iter()
        .map(|kind| {
            let body = crate::problem::Problem::new(*kind).body();
            (kind.slug().to_owned(), json!({ "value": body }))
        })
        .collect();
    json!({
        "description": titles.join("; "),
        "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "examples": examples,
        } },
    })
}

/// `docs/problems.md`.
pub fn problems_page() -> String {
    let mut text = String::from(
        "# Problems\n\nEvery refusal is one of these (`application/problem+json`, RFC 9457). `type` is this page's \
         address with the kind behind `#`. Generated from `api/src/problem.rs`.\n",
    );
    for kind in ProblemKind::ALL {
        text.push_str(&format!(
            "\n## {}\n\n**{}** · {}\n\n{}\n",
            kind.slug(),
            kind.status(),
            kind.title(),
            kind.meaning().trim()
        ));
    }
    text
}
