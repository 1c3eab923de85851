//! The other side: whoever has the mail reads it, and joins.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{InvitationError, invitation::PURPOSE, store};
use crate::{
    Actor, EmailAddress, Identity, InvitationId, Role, TenantId, UserId,
    clock::random_id,
    db::PlatformTx,
    events::{self, Author, Changes, Event},
    passwords,
    secrets::OneTimeSecret,
    sessions,
    users::{self, Account},
};

/// What the mail's link shows before anything is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    pub company: String,
    pub slug: String,
    pub email: String,
    pub name: String,
    pub role: Role,
    /// Whether [`AcceptAs::Password`] asks for an existing password or sets a new one.
    pub has_password: bool,
}

/// Who accepts.
#[derive(Debug, Clone)]
pub enum AcceptAs<'a> {
    /// The person of the invited address: by their password, or by choosing one if they have none.
    Password(SecretString),
    /// Somebody who is logged in, maybe to another company.
    Caller(&'a Actor),
}

/// A new member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    pub tenant_id: TenantId,
    pub slug: String,
    pub user_id: UserId,
    pub role: Role,
}

struct Wire {
    tenant_id: TenantId,
    invitation_id: InvitationId,
    secret: OneTimeSecret,
}

impl Wire {
    fn read(secret: &SecretString) -> Result<Self, InvitationError> {
        let ([tenant, invitation], secret) =
            OneTimeSecret::from_wire::<2>(secret.expose_secret()).ok_or(InvitationError::Ended)?;
        Ok(Self { tenant_id: TenantId(tenant), invitation_id: InvitationId(invitation), secret })
    }

    /// The invitation, if it is still one. Everything else is one answer.
    fn check(&self, offer: Option<store::Offer>, identity: &Identity) -> Result<store::Offer, InvitationError> {
        offer
            .filter(|offer| self.secret.matches(&offer.secret_hash, PURPOSE))
            .filter(|offer| offer.open && offer.vouched && identity.now() < offer.expires_at)
            .ok_or(InvitationError::Ended)
    }
}

/// Reads an invitation by its secret.
///
/// # Errors
/// [`InvitationError::Ended`].
#[tracing::instrument(name = "identity.invitations.preview", skip_all)]
pub async fn preview(identity: &Identity, secret: &SecretString) -> Result<Invited, InvitationError> {
    let wire = Wire::read(secret)?;
    let mut tx = identity.begin().await?;
    let offer = wire.check(store::find_offer(tx.conn(), wire.tenant_id, wire.invitation_id).await?, identity)?;
    let account = users::find_by_email(tx.conn(), &offer.email).await?;
    tx.commit().await?;
    Ok(Invited {
        company: offer.company,
        slug: offer.slug,
        has_password: account.is_some_and(|account| account.password_hash.is_some()),
        email: offer.email,
        name: offer.name,
        role: offer.role,
    })
}

/// Joins the company.
///
/// # Errors
/// [`InvitationError::Ended`], [`InvitationError::OtherAddress`], [`InvitationError::WrongPassword`],
/// [`InvitationError::AlreadyMember`].
#[tracing::instrument(name = "identity.invitations.accept", skip_all)]
pub async fn accept(
    identity: &Identity,
    secret: &SecretString,
    who: AcceptAs<'_>,
) -> Result<Accepted, InvitationError> {
    let wire = Wire::read(secret)?;
    let mut tx = identity.begin().await?;
    let offer = wire.check(store::find_offer(tx.conn(), wire.tenant_id, wire.invitation_id).await?, identity)?;
    let seen = users::find_by_email(tx.conn(), &offer.email).await?;
    if let AcceptAs::Caller(actor) = &who {
        let caller = sessions::require_live(tx.conn(), actor, identity.now()).await?;
        if seen.as_ref().is_none_or(|account| account.user_id != caller.user_id) {
            return Err(InvitationError::OtherAddress);
        }
    }
    tx.commit().await?;
    // Hashing happens between the transactions.
    let new_hash = match &who {
        AcceptAs::Password(password) => prove(identity, seen.as_ref(), password).await?,
        AcceptAs::Caller(_) => None,
    };
    let mut tx = identity.begin().await?;
    let user_id = person(&mut tx, &offer.email, seen.as_ref(), new_hash).await?;
    let offer = wire.check(store::lock_offer(tx.conn(), wire.tenant_id, wire.invitation_id).await?, identity)?;
    let accepted = join(&mut tx, identity, &wire, offer, user_id).await?;
    Ok(identity.finish(tx, accepted).await?)
}

/// The hash to store when the password is a new one; nothing when it is the existing one.
async fn prove(
    identity: &Identity,
    account: Option<&Account>,
    password: &SecretString,
) -> Result<Option<String>, InvitationError> {
    if let Some(hash) = account.and_then(|account| account.password_hash.as_deref()) {
        return match identity.hasher.verify(password, Some(hash)).await? {
            true => Ok(None),
            false => Err(InvitationError::WrongPassword),
        };
    }
    passwords::check_policy(password)?;
    Ok(Some(identity.hasher.hash(password).await?))
}

/// The person who joins, made if they are new. Whatever changed about them since it was looked at ends the attempt.
async fn person(
    tx: &mut PlatformTx,
    email: &str,
    seen: Option<&Account>,
    new_hash: Option<String>,
) -> Result<UserId, InvitationError> {
    let Some(seen) = seen else {
        let (user_id, email) = (random_id(), EmailAddress::parse(email)?);
        let made = users::insert(tx.conn(), user_id, &email, &new_hash.unwrap_or_default()).await?;
        return if made { Ok(user_id) } else { Err(InvitationError::WrongPassword) };
    };
    let account = users::lock(tx.conn(), seen.user_id).await?.ok_or(InvitationError::Ended)?;
    if account.password_hash != seen.password_hash {
        return Err(InvitationError::WrongPassword);
    }
    if let Some(hash) = new_hash {
        users::set_password(tx.conn(), seen.user_id, &hash).await?;
    }
    Ok(seen.user_id)
}

async fn join(
    tx: &mut PlatformTx,
    identity: &Identity,
    wire: &Wire,
    offer: store::Offer,
    user_id: UserId,
) -> Result<Accepted, InvitationError> {
    let (now, tenant_id) = (identity.now(), wire.tenant_id);
    store::insert_member(tx.conn(), tenant_id, user_id, &offer, now).await?;
    store::mark_accepted(tx.conn(), tenant_id, wire.invitation_id, now).await?;
    let author = Author {
        tenant_id,
        user_id: Some(user_id),
        role: offer.role.as_str(),
        session_id: None,
        request_id: identity.request_id,
    };
    let changes = Changes::new().set("user_id", &user_id).set("role", &offer.role);
    let event = Event::new("invitation.accepted", "invitation", wire.invitation_id).changes(changes);
    events::record_for(tx.conn(), &identity.ids, now, author, event).await?;
    Ok(Accepted { tenant_id, slug: offer.slug, user_id, role: offer.role })
}
