//! Events about people: log-ins, passwords, second factors.
//!
//! What concerns a person everywhere (a password reset, a log-in that named no company) is recorded once in each
//! company they work for; if there is none, in the platform's own stream. So a refused log-in writes one event whether
//! or not the address exists, and takes as long.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Identity, TenantId, UserId,
    events::{self, Author, Changes, Event},
    identity::PLATFORM,
    users::CompanyAccess,
};

/// Records that a log-in was refused. Nobody is the author: who typed is not known.
pub(crate) async fn refused(
    connection: &mut PgConnection,
    identity: &Identity,
    user_id: Option<UserId>,
    tenants: &[TenantId],
    step: &str,
) -> sqlx::Result<()> {
    let event = Event::new("session.refused", "user", user_id.map_or(Uuid::nil(), |id| id.0))
        .changes(Changes::new().set("step", &step));
    everywhere(connection, identity, None, tenants, event).await
}

/// Records what a person did to their own account, in each of their companies.
pub(crate) async fn account(
    connection: &mut PgConnection,
    identity: &Identity,
    user_id: UserId,
    companies: &[CompanyAccess],
    kind: &'static str,
) -> sqlx::Result<()> {
    let tenants: Vec<TenantId> = companies.iter().map(|company| company.tenant_id).collect();
    everywhere(connection, identity, Some(user_id), &tenants, Event::new(kind, "user", user_id)).await
}

async fn everywhere(
    connection: &mut PgConnection,
    identity: &Identity,
    author: Option<UserId>,
    tenants: &[TenantId],
    event: Event,
) -> sqlx::Result<()> {
    let tenants = if tenants.is_empty() { &[PLATFORM] } else { tenants };
    let author = Author {
        tenant_id: PLATFORM,
        user_id: author,
        role: "identity",
        session_id: None,
        request_id: identity.request_id,
    };
    events::record_in_each(connection, &identity.ids, identity.now(), tenants, author, event).await
}
