//! Opening a company: a request, an e-mail, and the link in it that makes everything at once.
//!
//! Until the address is proved there is no company, no account and no reserved slug. Whoever has an account already is
//! told so in the mail, and the company joins that account; its password stays what it was, since the one in the
//! request may be a stranger's.

mod error;
mod store;

use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    EmailAddress, FieldErrors, Identity, TenantId, UserId,
    clock::random_id,
    db::{Path, PlatformTx},
    events::{self, Author, Changes, Event},
    identity::PLATFORM,
    mail::{self, Email, EmailTemplate},
    passwords,
    secrets::OneTimeSecret,
    tenants, users,
};

pub use error::SignUpError;
use store::SignUp;

const PURPOSE: &str = "sign_up";
const LIFETIME: TimeDelta = TimeDelta::hours(24);
/// How long the same link answers the same once more.
const REPEATABLE: TimeDelta = TimeDelta::hours(1);

/// What somebody who opens a company types.
#[derive(Debug, Clone)]
pub struct NewCompany {
    pub email: String,
    pub password: SecretString,
    /// The person's name.
    pub name: String,
    pub company: String,
    /// The company's host name.
    pub slug: String,
    pub time_zone: String,
}

/// A company that was just opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub tenant_id: TenantId,
    pub slug: String,
    pub company: String,
    pub user_id: UserId,
    pub email: String,
}

/// Keeps a request and sends its link. The same answer, whether or not the address has an account.
///
/// # Errors
/// [`SignUpError::Invalid`], [`SignUpError::SlugTaken`] (host names are public), [`SignUpError::Password`].
#[tracing::instrument(name = "identity.sign_up.request", skip_all)]
pub async fn request(identity: &Identity, new: NewCompany) -> Result<(), SignUpError> {
    let (now, secret) = (identity.now(), OneTimeSecret::generate());
    let mut sign_up = checked(identity, &new, &secret)?;
    let mut tx = identity.platform.begin(Path::SignUp).await?;
    let taken = store::slug_exists(tx.conn(), &sign_up.slug).await?;
    tx.commit().await?;
    if taken {
        return Err(SignUpError::SlugTaken);
    }
    sign_up.password_hash = identity.hasher.hash(&new.password).await?;
    let mut tx = identity.platform.begin(Path::SignUp).await?;
    store::expire_earlier(tx.conn(), &sign_up.email, now).await?;
    store::insert(tx.conn(), &sign_up, now).await?;
    send_link(&mut tx, identity, &sign_up, &secret.to_wire(&[sign_up.sign_up_id])).await?;
    Ok(identity.finish(tx, ()).await?)
}

/// The request as it is stored, but for the hash of its password.
fn checked(identity: &Identity, new: &NewCompany, secret: &OneTimeSecret) -> Result<SignUp, SignUpError> {
    let mut errors = FieldErrors::new();
    let sign_up = SignUp {
        sign_up_id: identity.ids.next(),
        email: errors.email("/email", &new.email),
        password_hash: String::new(),
        name: errors.line("/name", &new.name, 1, 120),
        company: errors.line("/company", &new.company, 1, 120),
        slug: tenants::new_slug(&mut errors, "/slug", &new.slug),
        time_zone: errors.time_zone("/time_zone", &new.time_zone),
        secret_hash: secret.hash(PURPOSE).to_vec(),
        expires_at: identity.now() + LIFETIME,
        tenant_id: None,
    };
    errors.into_result()?;
    passwords::check_policy(&new.password)?;
    Ok(sign_up)
}

async fn send_link(
    tx: &mut PlatformTx,
    identity: &Identity,
    sign_up: &SignUp,
    wire: &SecretString,
) -> Result<(), SignUpError> {
    let known = store::find_user(tx.conn(), &sign_up.email).await?.is_some();
    let template = if known { EmailTemplate::SignUpKnownAddress } else { EmailTemplate::SignUpConfirm };
    let mail = Email::new(template, sign_up.email.as_str())
        .to_name(sign_up.name.as_str())
        .param("name", sign_up.name.as_str())
        .param("company", sign_up.company.as_str())
        .param("link", identity.links.sign_up(wire))
        .param("hours", LIFETIME.num_hours());
    mail::enqueue_email(tx, &identity.ids, identity.now(), PLATFORM, None, mail).await?;
    Ok(())
}

/// Opens the company by the secret of a link: tenant, branding, person, membership and event, or nothing. The same
/// secret answers the same for an hour.
///
/// # Errors
/// [`SignUpError::LinkEnded`], or [`SignUpError::SlugTaken`] when somebody else was faster.
#[tracing::instrument(name = "identity.sign_up.confirm", skip_all)]
pub async fn confirm(identity: &Identity, secret: &SecretString) -> Result<Opened, SignUpError> {
    let ([id], secret) = OneTimeSecret::from_wire::<1>(secret.expose_secret()).ok_or(SignUpError::LinkEnded)?;
    let mut tx = identity.platform.begin(Path::SignUp).await?;
    let sign_up = store::lock(tx.conn(), id).await?.ok_or(SignUpError::LinkEnded)?;
    if !secret.matches(&sign_up.secret_hash, PURPOSE) || sign_up.expires_at <= identity.now() {
        return Err(SignUpError::LinkEnded);
    }
    let opened = match sign_up.tenant_id {
        Some(tenant_id) => {
            let user_id = store::find_user(tx.conn(), &sign_up.email).await?.ok_or(SignUpError::LinkEnded)?;
            opened(&sign_up, tenant_id, user_id)
        }
        None => open(&mut tx, identity, &sign_up).await?,
    };
    Ok(identity.finish(tx, opened).await?)
}

async fn open(tx: &mut PlatformTx, identity: &Identity, sign_up: &SignUp) -> Result<Opened, SignUpError> {
    let (now, tenant_id) = (identity.now(), TenantId(identity.ids.next::<Uuid>()));
    store::insert_tenant(tx.conn(), tenant_id, sign_up, now).await?;
    let email = EmailAddress::parse(&sign_up.email)?;
    users::insert(tx.conn(), random_id(), &email, &sign_up.password_hash).await?;
    let user_id = store::find_user(tx.conn(), &sign_up.email).await?.ok_or(SignUpError::LinkEnded)?;
    store::insert_admin(tx.conn(), tenant_id, user_id, &sign_up.name, now).await?;
    store::mark_confirmed(tx.conn(), sign_up.sign_up_id, tenant_id, now + REPEATABLE).await?;
    let author = Author {
        tenant_id,
        user_id: Some(user_id),
        role: "sign_up",
        session_id: None,
        request_id: identity.request_id,
    };
    let changes = Changes::new()
        .set("slug", &sign_up.slug)
        .set("name", &sign_up.company)
        .set("time_zone", &sign_up.time_zone)
        .set("admin", &user_id);
    let event = Event::new("tenant.opened", "tenant", tenant_id).changes(changes);
    events::record_for(tx.conn(), &identity.ids, now, author, event).await?;
    Ok(opened(sign_up, tenant_id, user_id))
}

fn opened(sign_up: &SignUp, tenant_id: TenantId, user_id: UserId) -> Opened {
    Opened {
        tenant_id,
        slug: sign_up.slug.clone(),
        company: sign_up.company.clone(),
        user_id,
        email: sign_up.email.clone(),
    }
}
