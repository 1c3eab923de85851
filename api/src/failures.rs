//! Which problem each error of the domain becomes. Exhaustive: a new case has to be placed here to compile.

use surv_integrations::s3::StorageError;
use surv_operations::{
    contacts::ContactError, customer_users::CustomerUserError, customers::CustomerError, files::FileError,
    jobs::JobError, notes::NoteError, properties::PropertyError, visits::VisitError,
};
use surv_tenancy::{
    FieldErrors,
    customer_login::CustomerLoginError,
    db::{self, AdmissionRefusal, DbError, SqlError},
    invitations::InvitationError,
    job_links::JobLinkError,
    members::MemberError,
    password_reset::PasswordResetError,
    passwords::PasswordError,
    revoked_tokens::RevokeError,
    sessions::SessionError,
    sign_up::SignUpError,
    tasks::TaskError,
    tenants::CompanyError,
    token::{MintError, TokenError},
    totp::TotpError,
};

use crate::problem::{Problem, ProblemKind as K};

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Expired { .. } => Self::new(K::TokenExpired),
            TokenError::OutOfScope => Self::new(K::Forbidden).detail("The token does not allow this."),
            TokenError::TimedOut => Self::new(K::Unavailable).retry_after(1),
            TokenError::Malformed
            | TokenError::UnknownKey
            | TokenError::BadSignature
            | TokenError::Refused(_)
            | TokenError::WrongAudience
            | TokenError::WrongKind => Self::new(K::Unauthenticated),
        }
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Refused(refusal) => Self::new(K::SessionEnded).detail(match refusal {
                AdmissionRefusal::SessionEnded => "The session has ended.",
                AdmissionRefusal::Revoked => "The token was revoked.",
                AdmissionRefusal::NotAMember => "This account is not active here.",
                AdmissionRefusal::RoleChanged => "Your role changed: log in again.",
                AdmissionRefusal::CompanyClosed => "The company has closed its account.",
            }),
            DbError::Busy | DbError::Unreachable(_) => Self::new(K::Unavailable).retry_after(1),
            DbError::OutcomeUnknown(_) => Self::new(K::OutcomeUnknown).retry_after(1),
            DbError::Database(inner) => inner.into(),
        }
    }
}

impl From<SqlError> for Problem {
    fn from(error: SqlError) -> Self {
        if db::is_lost(&error) {
            tracing::warn!("the database connection was lost");
            return Self::new(K::Unavailable).retry_after(1);
        }
        let code = error.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
        match code.as_deref() {
            // A policy or grant stopped what the handler allowed: forbidden outside, an alarm inside.
            Some("42501") => {
                tracing::error!(sqlstate = "42501", "the database refused what the handler allowed");
                Self::new(K::Forbidden)
            }
            Some("40001" | "40P01") => Self::rolled_back(),
            Some("55P03" | "57014") => Self::new(K::Unavailable).detail("The database was busy.").retry_after(1),
            // Too many connections, no memory, no disk.
            Some(code) if code.starts_with("53") => {
                tracing::error!(sqlstate = code, "the database lacks room");
                Self::new(K::Unavailable).retry_after(5)
            }
            Some("22021" | "22P05") => {
                Self::new(K::InvalidFields).detail("Some text holds a character that can't be stored.")
            }
            // A write in a READ ONLY transaction is a fault of ours.
            Some(code) => {
                tracing::error!(sqlstate = code, "the database answered with an error");
                Self::new(K::Internal)
            }
            None => {
                tracing::warn!("the database connection failed");
                Self::new(K::Unavailable).retry_after(1)
            }
        }
    }
}

impl From<CustomerError> for Problem {
    fn from(error: CustomerError) -> Self {
        match error {
            CustomerError::NotFound => Self::new(K::NotFound),
            CustomerError::Stale => Self::new(K::Stale),
            CustomerError::OpenJobs => Self::new(K::InvalidTransition).detail("The customer still has open jobs."),
            CustomerError::Invalid(errors) => Self::fields(&errors),
            CustomerError::Database(inner) => inner.into(),
        }
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::fields(&errors)
    }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Refused(refusal) => Self::new(K::InvalidFields).field("/password", refusal),
            PasswordError::Busy => Self::new(K::Unavailable).retry_after(1),
            PasswordError::Hash => Self::new(K::Internal),
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Refused | SessionError::WrongCode => Self::new(K::WrongCredentials).detail(error),
            SessionError::StartAgain => Self::new(K::LinkEnded).detail(error),
            SessionError::Ended => Self::new(K::SessionEnded),
            SessionError::JustRefreshed => Self::new(K::Conflict).detail(error),
            SessionError::NotFound => Self::new(K::NotFound),
            SessionError::Confined => Self::new(K::Forbidden).detail(error),
            SessionError::Password(inner) => inner.into(),
            SessionError::NewPassword(refusal) => Self::new(K::InvalidFields).field("/new", refusal),
            SessionError::Seal(_) => Self::new(K::Internal),
            SessionError::Db(inner) => inner.into(),
        }
    }
}

impl From<CustomerLoginError> for Problem {
    fn from(error: CustomerLoginError) -> Self {
        match error {
            CustomerLoginError::Invalid(inner) => inner.into(),
            CustomerLoginError::WrongCode => Self::new(K::WrongCredentials).detail(error),
            CustomerLoginError::Session(inner) => inner.into(),
        }
    }
}

impl From<TotpError> for Problem {
    fn from(error: TotpError) -> Self {
        match error {
            TotpError::AlreadyOn | TotpError::NotOn | TotpError::NotBegun => {
                Self::new(K::InvalidTransition).detail(error)
            }
            TotpError::WrongCode | TotpError::WrongPassword => Self::new(K::WrongCredentials).detail(error),
            TotpError::Session(inner) => inner.into(),
        }
    }
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Invalid(inner) => inner.into(),
            SignUpError::SlugTaken => Self::new(K::Conflict).detail(&error).field("/slug", error),
            SignUpError::LinkEnded => Self::new(K::LinkEnded).detail(error),
            SignUpError::Password(inner) => inner.into(),
            SignUpError::Db(inner) => inner.into(),
        }
    }
}

impl From<PasswordResetError> for Problem {
    fn from(error: PasswordResetError) -> Self {
        match error {
            PasswordResetError::Invalid(inner) => inner.into(),
            PasswordResetError::LinkEnded => Self::new(K::LinkEnded).detail(error),
            PasswordResetError::Password(inner) => inner.into(),
            PasswordResetError::Db(inner) => inner.into(),
        }
    }
}

impl From<InvitationError> for Problem {
    fn from(error: InvitationError) -> Self {
        match error {
            InvitationError::NotFound => Self::new(K::NotFound),
            InvitationError::AlreadyInvited | InvitationError::AlreadyMember => Self::new(K::Conflict).detail(error),
            InvitationError::Ended => Self::new(K::LinkEnded).detail(error),
            InvitationError::OtherAddress => Self::new(K::Forbidden).detail(error),
            InvitationError::WrongPassword => Self::new(K::WrongCredentials).detail(error),
            InvitationError::Invalid(inner) => inner.into(),
            InvitationError::Password(inner) => inner.into(),
            InvitationError::Session(inner) => inner.into(),
            InvitationError::Db(inner) => inner.into(),
        }
    }
}

impl From<MemberError> for Problem {
    fn from(error: MemberError) -> Self {
        match error {
            MemberError::NotFound => Self::new(K::NotFound),
            MemberError::Stale => Self::new(K::Stale),
            MemberError::LastAdmin => Self::new(K::InvalidTransition).detail(error),
            MemberError::Invalid(inner) => inner.into(),
            MemberError::Db(inner) => inner.into(),
        }
    }
}

impl From<CompanyError> for Problem {
    fn from(error: CompanyError) -> Self {
        match error {
            CompanyError::NotFound => Self::new(K::NotFound),
            CompanyError::Stale => Self::new(K::Stale),
            CompanyError::Invalid(inner) => inner.into(),
            CompanyError::Db(inner) => inner.into(),
        }
    }
}

impl From<TaskError> for Problem {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::NotFound => Self::new(K::NotFound),
            TaskError::NotDead => Self::new(K::InvalidTransition).detail(error),
            TaskError::Invalid(inner) => inner.into(),
            TaskError::Db(inner) => inner.into(),
        }
    }
}

impl From<MintError> for Problem {
    fn from(error: MintError) -> Self {
        match error {
            MintError::UnconfinedLink | MintError::Unacceptable(_) => Self::new(K::InvalidFields).detail(error),
            MintError::NoSigningKey => {
                tracing::error!("there is no key to sign tokens with");
                Self::new(K::Internal)
            }
        }
    }
}

impl From<JobLinkError> for Problem {
    fn from(error: JobLinkError) -> Self {
        match error {
            JobLinkError::NotFound => Self::new(K::NotFound),
            JobLinkError::NotTheCustomers => Self::new(K::InvalidFields).field("/user_id", error),
            JobLinkError::Db(inner) => inner.into(),
        }
    }
}

impl From<RevokeError> for Problem {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Foreign => Self::new(K::Unauthenticated).detail(error),
            RevokeError::Db(inner) => inner.into(),
        }
    }
}

impl From<ContactError> for Problem {
    fn from(error: ContactError) -> Self {
        match error {
            ContactError::NotFound | ContactError::NoSuchCustomer => Self::new(K::NotFound),
            ContactError::Stale => Self::new(K::Stale),
            ContactError::Archived => {
                Self::new(K::InvalidTransition).detail("The contact is archived: bring it back first.")
            }
            ContactError::Invalid(errors) => Self::fields(&errors),
            ContactError::Database(inner) => inner.into(),
        }
    }
}

impl From<PropertyError> for Problem {
    fn from(error: PropertyError) -> Self {
        match error {
            PropertyError::NotFound | PropertyError::NoSuchCustomer => Self::new(K::NotFound),
            PropertyError::Stale => Self::new(K::Stale),
            PropertyError::Invalid(errors) => Self::fields(&errors),
            PropertyError::Database(inner) => inner.into(),
        }
    }
}

impl From<CustomerUserError> for Problem {
    fn from(error: CustomerUserError) -> Self {
        match error {
            CustomerUserError::NotFound | CustomerUserError::NoSuchCustomer => Self::new(K::NotFound),
            CustomerUserError::NoSuchContact => {
                Self::new(K::InvalidFields).field("/contact_id", "is not a contact of this customer")
            }
            CustomerUserError::Stale => Self::new(K::Stale),
            CustomerUserError::Invalid(errors) => Self::fields(&errors),
            CustomerUserError::Database(inner) => inner.into(),
        }
    }
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        match error {
            JobError::NotFound => Self::new(K::NotFound),
            JobError::NoSuchCustomer => Self::new(K::InvalidFields).field("/customer_id", error),
            JobError::NoSuchProperty => Self::new(K::InvalidFields).field("/property_id", error),
            JobError::Stale => Self::new(K::Stale),
            JobError::StillOpen | JobError::InvalidTransition(_) => Self::new(K::InvalidTransition).detail(error),
            JobError::Invalid(errors) => Self::fields(&errors),
            JobError::Database(inner) => inner.into(),
        }
    }
}

impl From<VisitError> for Problem {
    fn from(error: VisitError) -> Self {
        match error {
            VisitError::NotFound | VisitError::NoSuchJob => Self::new(K::NotFound),
            VisitError::NoSuchTechnician => Self::new(K::InvalidFields).field("/technician_id", error),
            VisitError::Stale => Self::new(K::Stale),
            VisitError::TechnicianBusy => Self::new(K::Conflict).detail(error),
            VisitError::InvalidTransition(_)
            | VisitError::JobTransition(_)
            | VisitError::AssignmentTransition { .. } => Self::new(K::InvalidTransition).detail(error),
            VisitError::Invalid(errors) => Self::fields(&errors),
            VisitError::Database(inner) => inner.into(),
        }
    }
}

impl From<NoteError> for Problem {
    fn from(error: NoteError) -> Self {
        match error {
            NoteError::NotFound => Self::new(K::NotFound),
            NoteError::Invalid(errors) => Self::fields(&errors),
            NoteError::Database(inner) => inner.into(),
        }
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NotFound => Self::new(K::NotFound),
            FileError::NotReady => Self::new(K::NotFound).detail(error),
            FileError::NoSuchPlace => Self::new(K::InvalidFields).field("/job_id", error),
            FileError::Stale => Self::new(K::Stale),
            FileError::Confined | FileError::NotTheUploader => Self::new(K::Forbidden).detail(error),
            FileError::InUse => Self::new(K::InvalidTransition).detail(error),
            FileError::TooManyUploads => Self::new(K::TooManyRequests).detail(error).retry_after(3600),
            FileError::Invalid(errors) => Self::fields(&errors),
            FileError::Database(inner) => inner.into(),
        }
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        tracing::warn!(%error, "storage did not do what was asked");
        match error {
            StorageError::Refused { .. } | StorageError::Unavailable => {
                Self::new(K::Unavailable).detail("The storage of files does not answer.").retry_after(5)
            }
            StorageError::NotFound | StorageError::TooLarge { .. } | StorageError::Unmakeable => Self::new(K::Internal),
        }
    }
}
