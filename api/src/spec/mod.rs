//! The list of resources, and the document that is made of it.

mod completion;
mod refusals;

use std::sync::Arc;

use poem_openapi::{ContactObject, LicenseObject, OpenApiService};
use serde_json::Value;

use crate::{
    deps::Deps,
    door::Door,
    problem::ProblemKind,
    resources::{
        auth::{CustomerLogInApi, InvitationAnswerApi, LinkApi, LogInApi, PasswordResetApi, SignUpApi},
        company::CompanyApi,
        contacts::ContactsApi,
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
        tasks::TasksApi,
        tokens::TokensApi,
        visits::VisitsApi,
        work::WorkApi,
    },
};

type Resources = (
    (SignUpApi, LogInApi, PasswordResetApi, CustomerLogInApi, LinkApi, InvitationAnswerApi),
    (SessionsApi, CompanyApi, LogoApi, MembersApi, InvitationsApi, TokensApi),
    (CustomersApi, ContactsApi, PropertiesApi, JobsApi, VisitsApi, NotesApi, FilesApi),
    (WorkApi, PortalApi, EventsApi, TasksApi),
);

/// The public surface: a resource that isn't here doesn't exist.
pub fn service(deps: &Deps) -> OpenApiService<Resources, ()> {
    let door = Door::new(deps.clone());
    let resources = (
        (
            SignUpApi(door.clone()),
            LogInApi(door.clone()),
            PasswordResetApi(door.clone()),
            CustomerLogInApi(door.clone()),
            LinkApi(door.clone()),
            InvitationAnswerApi(door.clone()),
        ),
        (
            SessionsApi(door.clone()),
            CompanyApi(door.clone()),
            LogoApi(door.clone()),
            MembersApi(door.clone()),
            InvitationsApi(door.clone()),
            TokensApi(door.clone()),
        ),
        (
            CustomersApi(door.clone()),
            ContactsApi(door.clone()),
            PropertiesApi(door.clone()),
            JobsApi(door.clone()),
            VisitsApi(door.clone()),
            NotesApi(door.clone()),
            FilesApi(door.clone()),
        ),
        (WorkApi(door.clone()), PortalApi(door.clone()), EventsApi(door.clone()), TasksApi(door)),
    );
    OpenApiService::new(resources, "Surv", "1.0.0")
        .description(
            "The field-service platform's API: everything the web console, the technicians' app and the customers' portal do. Errors are RFC 9457 problems. \
             POSTs take an `Idempotency-Key`, changes need `If-Match`, lists go on by `cursor`.",
        )
        .license(LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
        .contact(ContactObject::new().name("Surv"))
}

/// The document as JSON text, keys in a stable order.
pub fn document(deps: &Deps) -> String {
    let mut document: Value = serde_json::from_str(&service(deps).spec()).unwrap_or_default();
    completion::complete(&mut document);
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
