//! How far a token reaches inside its tenant: everything, or only what hangs off named things.

use std::collections::BTreeSet;

use uuid::Uuid;

/// The kinds of thing that a token can be confined to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConfinedKind {
    Job,
    Invoice,
    Customer,
}

impl ConfinedKind {
    pub const ALL: [Self; 3] = [Self::Job, Self::Invoice, Self::Customer];

    /// The word in a token's `resource("job", …)`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Invoice => "invoice",
            Self::Customer => "customer",
        }
    }

    /// The setting that restrictive policies read.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Job => "app.confined_jobs",
            Self::Invoice => "app.confined_invoices",
            Self::Customer => "app.confined_customers",
        }
    }
}

/// What a token is confined to.
///
/// `Only` with empty sets reaches nothing: that is what two blocks that name different jobs leave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Confinement {
    #[default]
    None,
    Only(BTreeSet<(ConfinedKind, Uuid)>),
}

impl Confinement {
    pub const fn is_confined(&self) -> bool {
        matches!(self, Self::Only(_))
    }

    /// The ids of one kind, or `None` when the token is not confined at all.
    pub fn ids(&self, kind: ConfinedKind) -> Option<Vec<Uuid>> {
        match self {
            Self::None => None,
            Self::Only(things) => Some(things.iter().filter(|(k, _)| *k == kind).map(|(_, id)| *id).collect()),
        }
    }
}
