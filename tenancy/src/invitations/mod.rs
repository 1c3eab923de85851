//! Asking somebody to join a company: an admin invites an address, the person behind it accepts.
//!
//! An invitation is good once, for a week, for one address, in the role that it was made with, and only while the
//! admin who made it is one. Accepting makes a member; logging in is another step.

mod accept;
mod error;
mod invitation;
mod store;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    EmailAddress, FieldErrors, Ids, InvitationId, Role,
    db::TenantTx,
    events::{self, Changes, Event},
    links::LinkBuilder,
    mail::{self, Email, EmailTemplate},
    page::{Page, rows_for},
    secrets::OneTimeSecret,
};

pub use accept::{AcceptAs, Accepted, Invited, accept, preview};
pub use error::InvitationError;
pub use invitation::{Invitation, InvitationState, NewInvitation};

/// Invites an address, or says that it is invited or a member already. The mail goes out with the transaction.
///
/// # Errors
/// [`InvitationError::AlreadyInvited`], [`InvitationError::AlreadyMember`], [`InvitationError::Invalid`].
#[tracing::instrument(name = "identity.invitations.invite", skip_all)]
pub async fn invite(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    links: &LinkBuilder,
    new: NewInvitation,
) -> Result<Invitation, InvitationError> {
    let mut errors = FieldErrors::new();
    let email = EmailAddress::read(&mut errors, "/email", &new.email);
    let name = errors.line("/name", &new.name, 1, 120);
    if new.role == Role::Customer {
        errors.add("/role", "is not a member's");
    }
    errors.into_result()?;
    let invited_by = tx.actor().user_id().ok_or(InvitationError::NotFound)?;
    if store::is_member(tx, &email).await? {
        return Err(InvitationError::AlreadyMember);
    }
    store::revoke_expired(tx, &email, now).await?;
    let secret = OneTimeSecret::generate();
    let invitation = Invitation {
        invitation_id: ids.next(),
        email: email.as_str().to_owned(),
        name,
        role: new.role,
        invited_by,
        created_at: now,
        expires_at: now + invitation::LIFETIME,
        accepted_at: None,
        revoked_at: None,
    };
    store::insert(tx, &invitation, &secret.hash(invitation::PURPOSE)).await?;
    send(tx, ids, now, links, &invitation, &secret).await?;
    let changes = Changes::new().set("email", &invitation.email).set("role", &invitation.role);
    let event = Event::new("invitation.sent", "invitation", invitation.invitation_id).changes(changes);
    events::record(tx, ids, now, event).await?;
    Ok(invitation)
}

async fn send(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    links: &LinkBuilder,
    invitation: &Invitation,
    secret: &OneTimeSecret,
) -> Result<(), InvitationError> {
    let (tenant_id, user_id) = (tx.actor().tenant_id, tx.actor().user_id());
    let (company, inviter) = store::letterhead(tx, invitation.invited_by).await?;
    let wire = secret.to_wire(&[tenant_id.0, Uuid::from(invitation.invitation_id)]);
    let mail = Email::new(EmailTemplate::Invitation, invitation.email.as_str())
        .to_name(invitation.name.as_str())
        .param("company", company)
        .param("invited_by", inviter)
        .param("role", invitation.role.as_str())
        .param("link", links.invitation(&wire))
        .param("days", invitation::LIFETIME.num_days());
    mail::enqueue_email(tx, ids, now, tenant_id, user_id, mail).await?;
    Ok(())
}

/// Invitations, newest first, after one of them.
///
/// # Errors
/// The database's own.
#[tracing::instrument(name = "identity.invitations.list", skip_all)]
pub async fn list(
    tx: &mut TenantTx,
    after: Option<InvitationId>,
    limit: usize,
) -> Result<Page<Invitation, InvitationId>, InvitationError> {
    let rows = store::list(tx, after, rows_for(limit)).await?;
    Ok(Page::cut(rows, limit, |invitation| invitation.invitation_id))
}

/// Takes an invitation back that was not accepted yet.
///
/// # Errors
/// [`InvitationError::NotFound`], [`InvitationError::Ended`] when it was accepted or revoked before.
#[tracing::instrument(name = "identity.invitations.revoke", skip_all)]
pub async fn revoke(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    invitation_id: InvitationId,
) -> Result<Invitation, InvitationError> {
    let Some(revoked) = store::revoke(tx, invitation_id, now).await? else {
        let exists = store::find(tx, invitation_id).await?.is_some();
        return Err(if exists { InvitationError::Ended } else { InvitationError::NotFound });
    };
    let changes = Changes::new().field("state", &"open", &"revoked");
    events::record(tx, ids, now, Event::new("invitation.revoked", "invitation", invitation_id).changes(changes))
        .await?;
    Ok(revoked)
}
