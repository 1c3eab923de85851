//! From what was proved to the next step, or to a session.

use uuid::Uuid;

use super::{
    Device, LogInOutcome, LoggedIn, SessionError,
    session::{IDLE_LIFETIME, SessionKind},
    store::{self, NewSession},
};
use crate::{
    Identity,
    db::PlatformTx,
    email_challenges as challenges,
    email_challenges::Purpose,
    events::{self, Author, Changes, Event},
    secrets::OneTimeSecret,
    users::{Account, CompanyAccess},
};

/// How far a person has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proved {
    Password,
    /// A code or link from their mail: it makes nobody more than a customer.
    CustomerCode,
    Everything,
}

/// What follows for a person who may enter `companies`, of which there is at least one.
pub(crate) async fn proceed(
    tx: &mut PlatformTx,
    identity: &Identity,
    account: &Account,
    mut companies: Vec<CompanyAccess>,
    proved: Proved,
    device: &Device,
) -> Result<LogInOutcome, SessionError> {
    if account.has_second_step() && proved != Proved::Everything {
        let purpose = if proved == Proved::CustomerCode { Purpose::SecondStepOfCustomer } else { Purpose::SecondStep };
        let tenant_id = if let [only] = &companies[..] { Some(only.tenant_id) } else { None };
        let challenge_id: Uuid = identity.ids.next();
        let issued = challenges::issue(tx.conn(), identity, challenge_id, purpose, account.user_id, tenant_id).await?;
        return Ok(LogInOutcome::SecondStep { challenge: issued.wire });
    }
    match (companies.pop(), companies.is_empty()) {
        (None, _) => Err(SessionError::Refused),
        (Some(company), true) => {
            Ok(LogInOutcome::LoggedIn(Box::new(start(tx, identity, account, company, device).await?)))
        }
        (Some(last), false) => {
            companies.push(last);
            companies.sort_by(|a, b| a.company.cmp(&b.company).then_with(|| a.slug.cmp(&b.slug)));
            let (id, purpose) = (identity.ids.next(), Purpose::ChooseCompany);
            let issued = challenges::issue(tx.conn(), identity, id, purpose, account.user_id, None).await?;
            Ok(LogInOutcome::ChooseCompany { challenge: issued.wire, companies })
        }
    }
}

/// Begins a session, with its first refresh token and its event.
async fn start(
    tx: &mut PlatformTx,
    identity: &Identity,
    account: &Account,
    company: CompanyAccess,
    device: &Device,
) -> Result<LoggedIn, SessionError> {
    let (now, secret) = (identity.now(), OneTimeSecret::generate());
    let new = NewSession {
        tenant_id: company.tenant_id,
        session_id: identity.ids.next(),
        user_id: account.user_id,
        // A link's session is made with its token, by the office.
        kind: if device.kind == SessionKind::Link { SessionKind::Browser } else { device.kind },
        role: company.role,
        device: device.clean_name(),
        now,
        expires_at: now + IDLE_LIFETIME,
    };
    store::insert(tx.conn(), &new).await?;
    store::insert_refresh_token(tx.conn(), &new, &secret.hash(super::refresh::PURPOSE)).await?;
    record(tx, identity, &new).await?;
    let refresh_token = secret.to_wire(&[new.tenant_id.0, new.session_id.0]);
    Ok(LoggedIn::new(company, new.user_id, new.session_id, new.kind, refresh_token, new.expires_at))
}

async fn record(tx: &mut PlatformTx, identity: &Identity, new: &NewSession) -> Result<(), SessionError> {
    let author = Author {
        tenant_id: new.tenant_id,
        user_id: Some(new.user_id),
        role: new.role.as_str(),
        session_id: Some(new.session_id),
        request_id: identity.request_id,
    };
    let changes = Changes::new().set("kind", &new.kind.as_str()).set("role", &new.role);
    let event = Event::new("session.started", "session", new.session_id).changes(changes);
    events::record_for(tx.conn(), &identity.ids, new.now, author, event).await?;
    Ok(())
}
