//! `/v1/tokens` and `/v1/links`: links to one job, and taking tokens back.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use poem_openapi::{Object, OpenApi, param::Path};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use surv_tenancy::{
    Capability, CapabilitySet, JobId, Role, SessionId, UserId,
    confinement::ConfinedKind,
    job_links::{self, JobLink},
    mail::{self, Email, EmailTemplate},
    revoked_tokens, tenants,
    token::{self, Operation, Subject, TokenKind, TokenSpec},
};
use uuid::Uuid;

use super::Tag;
use crate::{
    caller::Caller,
    door::{Door, IdempotencyKey, Once},
    json::{Body, Created, Empty, Reply},
    problem::{ApiResult, Problem, ProblemKind},
};

const WRITE: (Capability, Subject) = (Capability::TokensWrite, Subject::Tokens);

/// To whom a link to a job goes.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct LinkWish {
    pub job_id: Uuid,
    /// A log-in of the job's customer.
    pub user_id: Uuid,
}

/// A link that was sent.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct LinkView {
    /// To take it back.
    pub id: Uuid,
    pub job_id: Uuid,
    pub expires_at: DateTime<Utc>,
}

/// A token to revoke.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct TokenToRevoke {
    pub token: String,
}

/// The keys that tokens are signed with.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct PublicKeys {
    pub items: Vec<PublicKeyView>,
}

/// A public root key, Ed25519.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct PublicKeyView {
    pub id: u32,
    /// Hexadecimal.
    pub key: String,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct TokensApi(pub Door);

#[OpenApi(prefix_path = "/v1", tag = "Tag::Tokens")]
impl TokensApi {
    /// Send a link to one job
    ///
    /// By e-mail, to one of the customer's log-ins. The link reads that job and what hangs off it, until it expires.
    #[oai(path = "/links", method = "post", operation_id = "createLink")]
    async fn create_link(
        &self,
        caller: Caller,
        key: IdempotencyKey,
        body: Body<LinkWish>,
    ) -> ApiResult<Created<LinkView>> {
        let mut once = match self.0.once(&caller, WRITE, key, "createLink", &body.0).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let deps = self.0.deps();
        let (ids, now) = (deps.ids(), deps.clock().now());
        let expires_at = now + TimeDelta::days(deps.config.link_days);
        let (job_id, user_id) = (JobId(body.0.job_id), UserId(body.0.user_id));
        let link = job_links::create(once.tx(), ids, now, job_id, user_id, expires_at).await?;
        let token = self.link_token(once.tx().actor().tenant_id, &link)?;
        let company = tenants::read(once.tx()).await?;
        let address = deps.identity.links.portal_token(&company.slug, &token);
        let email = Email::new(EmailTemplate::JobLink, &link.email)
            .to_name(&link.name)
            .param("company", company.name.as_str())
            .param("link", address.as_str())
            .customer(link.customer_id)
            .job(link.job_id);
        let (tenant_id, sender) = (once.tx().actor().tenant_id, once.tx().actor().user_id());
        mail::enqueue_email(once.tx(), ids, now, tenant_id, sender, email).await?;
        let view = LinkView { id: link.session_id.0, job_id: link.job_id.0, expires_at };
        once.finish(Reply::plain(view)).await
    }

    /// Take a link back
    #[oai(path = "/links/:link_id", method = "delete", operation_id = "endLink")]
    async fn end_link(&self, caller: Caller, link_id: Path<Uuid>) -> ApiResult<Empty> {
        let mut tx = self.0.write(&caller, WRITE.0, WRITE.1).await?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        job_links::end(&mut tx, ids, now, SessionId(link_id.0)).await?;
        self.0.commit(tx).await?;
        Ok(Empty)
    }

    /// Revoke a token
    ///
    /// And every token that was narrowed from it, at once. Tokens that it was narrowed from stay.
    #[oai(path = "/tokens/revoke", method = "post", operation_id = "revokeToken")]
    async fn revoke(&self, caller: Caller, key: IdempotencyKey, body: Body<TokenToRevoke>) -> ApiResult<Empty> {
        let deps = self.0.deps();
        let now = deps.clock().now();
        let mut once = match self.0.once(&caller, WRITE, key, "revokeToken", &body.0).await? {
            Once::Again(_) => return Ok(Empty),
            Once::First(first) => first,
        };
        // The caller's own token is in order: a 401 would send them to log in.
        let refused = |_| Problem::new(ProblemKind::InvalidFields).field("/token", "is not a token that still holds");
        let opened = deps.verifier.open(&body.0.token, now).map_err(refused)?;
        revoked_tokens::revoke(once.tx(), deps.ids(), now, &opened).await?;
        once.finish_empty().await
    }

    /// The public root keys
    ///
    /// For narrowing tokens in a browser; Rust needs none.
    #[oai(path = "/tokens/keys", method = "get", operation_id = "listPublicKeys")]
    async fn keys(&self) -> Reply<PublicKeys> {
        let items = self.0.deps().keys.public_keys().map(|(id, key)| PublicKeyView { id, key }).collect();
        Reply::plain(PublicKeys { items })
    }
}

impl TokensApi {
    fn link_token(&self, tenant_id: surv_tenancy::TenantId, link: &JobLink) -> ApiResult<SecretString> {
        let deps = self.0.deps();
        let minted = token::mint(
            &deps.keys,
            &TokenSpec {
                tenant_id,
                user_id: link.user_id,
                session_id: link.session_id,
                kind: TokenKind::Link,
                audience: deps.config.audience.to_string(),
                role: Role::Customer,
                scope: [Capability::PortalRead, Capability::FilesRead, Capability::EventsRead]
                    .into_iter()
                    .collect::<CapabilitySet>(),
                expires_at: link.expires_at,
                confined_to: Some(BTreeSet::from([(ConfinedKind::Job, link.job_id.0)])),
                operations: Some(BTreeSet::from([Operation::Read])),
                sealed: true,
            },
        )?;
        Ok(minted.token.into())
    }
}
