//! One-time secrets that a person has to come back with: from an e-mail, or from the first step of a log-in.
//!
//! A challenge works once, until it expires, and stands a few wrong answers. Whoever locks one has locked its user
//! before: [`crate::users::lock`], then [`lock`].

mod store;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Identity, TenantId, UserId, secrets::OneTimeSecret};

pub(crate) use store::{count_attempt, find, lock, use_up, use_up_all};

/// Wrong answers that a challenge stands.
pub(crate) const ATTEMPTS: i32 = 5;

/// What a secret is for. It is hashed with it, so that none fits another step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    PasswordReset,
    /// A customer's log-in by code or link.
    LoginCode,
    /// The password was right; a second factor has to follow.
    SecondStep,
    /// The same, after a customer's code.
    SecondStepOfCustomer,
    /// All was right; which company is open.
    ChooseCompany,
}

impl Purpose {
    const fn kind(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::LoginCode => "login_code",
            Self::SecondStep | Self::SecondStepOfCustomer | Self::ChooseCompany => "second_step",
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::LoginCode => "login_code",
            Self::SecondStep => "second_step",
            Self::SecondStepOfCustomer => "second_step_of_customer",
            Self::ChooseCompany => "choose_company",
        }
    }

    const fn lifetime(self) -> TimeDelta {
        match self {
            Self::PasswordReset => TimeDelta::minutes(60),
            Self::LoginCode => TimeDelta::minutes(10),
            Self::SecondStep | Self::SecondStepOfCustomer | Self::ChooseCompany => TimeDelta::minutes(5),
        }
    }

    pub(crate) const fn minutes(self) -> i64 {
        self.lifetime().num_minutes()
    }
}

/// A challenge as it is stored.
#[derive(Clone)]
pub(crate) struct Challenge {
    pub challenge_id: Uuid,
    pub kind: String,
    pub user_id: UserId,
    pub tenant_id: Option<TenantId>,
    pub secret_hash: Vec<u8>,
    pub attempts: i32,
    pub expires_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
}

impl Challenge {
    pub(crate) fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.used_at.is_none() && now < self.expires_at && self.attempts < ATTEMPTS
    }

    pub(crate) fn is_for(&self, purpose: Purpose) -> bool {
        self.kind == purpose.kind()
    }

    /// Whether the secret is this challenge's, made for this purpose.
    pub(crate) fn opens_with(&self, secret: &OneTimeSecret, purpose: Purpose) -> bool {
        self.is_for(purpose) && secret.matches(&self.secret_hash, purpose.as_str())
    }
}

/// A challenge just made: the only time that its secret is known.
pub(crate) struct Issued {
    pub secret_hash: [u8; 32],
    pub wire: SecretString,
}

/// Makes a challenge.
pub(crate) async fn issue(
    connection: &mut PgConnection,
    identity: &Identity,
    challenge_id: Uuid,
    purpose: Purpose,
    user_id: UserId,
    tenant_id: Option<TenantId>,
) -> sqlx::Result<Issued> {
    let (secret, now) = (OneTimeSecret::generate(), identity.now());
    let secret_hash = secret.hash(purpose.as_str());
    let challenge = Challenge {
        challenge_id,
        kind: purpose.kind().to_owned(),
        user_id,
        tenant_id,
        secret_hash: secret_hash.to_vec(),
        attempts: 0,
        expires_at: now + purpose.lifetime(),
        used_at: None,
    };
    store::insert(connection, &challenge, now).await?;
    Ok(Issued { secret_hash, wire: secret.to_wire(&[challenge_id]) })
}

/// Reads a secret as it came over the wire.
pub(crate) fn read(wire: &SecretString) -> Option<(Uuid, OneTimeSecret)> {
    OneTimeSecret::from_wire::<1>(wire.expose_secret()).map(|([id], secret)| (id, secret))
}
