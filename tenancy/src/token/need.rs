//! What an operation asks of a token.

use std::sync::Arc;

use crate::capability::Capability;

use super::claims::{Operation, Subject, TokenKind};

/// What a token has to allow for one operation. Comes from the route, never from the request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Need {
    /// The deployment and API, as configured: `surv:production`.
    pub audience: Arc<str>,
    /// The kinds of token that this route takes.
    pub kinds: &'static [TokenKind],
    /// `None` for the few operations that need a valid token and nothing else, such as logging out.
    pub capability: Option<Capability>,
    pub operation: Operation,
    pub subject: Subject,
}

impl Need {
    /// The usual case: one capability, which also says whether the operation reads or writes.
    pub fn of(audience: Arc<str>, kinds: &'static [TokenKind], capability: Capability, subject: Subject) -> Self {
        let operation = if capability.operation() == "write" { Operation::Write } else { Operation::Read };
        Self { audience, kinds, capability: Some(capability), operation, subject }
    }
}
