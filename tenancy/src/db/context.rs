//! The message that begins a transaction: role, tenant, actor, confinement and admission, in one round trip.
//!
//! It is text, so only typed values are ever put into it: UUIDs, hexadecimal and words of our own enums.

use std::fmt::Write as _;

use crate::{
    actor::{Actor, Principal},
    confinement::ConfinedKind,
};

/// Whether a transaction may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// `READ ONLY`: a GET changes nothing, whatever its handler does.
    Read,
    Write,
}

/// The text for `actor`. Each setting is `LOCAL`: it ends with the transaction.
pub(super) fn begin_statements(actor: &Actor, access: Access) -> String {
    let mut text = String::with_capacity(640);
    let mode = match access {
        Access::Read => "BEGIN READ ONLY",
        Access::Write => "BEGIN",
    };
    let user_id = actor.user_id().map_or(uuid::Uuid::nil(), |id| id.0);
    // Writing to a String does not fail.
    let _ = write!(
        text,
        "{mode}; SET LOCAL app.tenant_id = '{}'; SET LOCAL app.actor_id = '{user_id}'; ",
        actor.tenant_id.0,
    );
    for kind in ConfinedKind::ALL {
        if let Some(ids) = actor.confinement.ids(kind) {
            let _ = write!(text, "SET LOCAL {} = '{{", kind.setting());
            for (position, id) in ids.iter().enumerate() {
                let _ = write!(text, "{}{id}", if position == 0 { "" } else { "," });
            }
            text.push_str("}'; ");
        }
    }
    let _ = write!(text, "SET LOCAL ROLE {}", actor.persona().database_role());
    if let Principal::Person { role, session_id, revocation_ids, .. } = &actor.principal {
        let _ = write!(text, "; SELECT app.admit('{}', '{}', ARRAY[", session_id.0, role.as_str());
        for (position, id) in revocation_ids.iter().enumerate() {
            let _ = write!(text, "{}'\\x{}'", if position == 0 { "" } else { "," }, hex::encode(id));
        }
        text.push_str("]::bytea[])");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Confinement, Role};
    use uuid::Uuid;

    fn technician(confinement: Confinement) -> Actor {
        Actor {
            tenant_id: Uuid::from_u128(1).into(),
            principal: Principal::Person {
                user_id: Uuid::from_u128(2).into(),
                role: Role::Technician,
                session_id: Uuid::from_u128(3).into(),
                revocation_ids: vec![vec![0xab; 64]],
            },
            confinement,
            request_id: None,
        }
    }

    #[test]
    fn the_role_comes_after_the_tenant_and_admission_last() {
        let text = begin_statements(&technician(Confinement::None), Access::Read);

        assert!(text.starts_with("BEGIN READ ONLY; SET LOCAL app.tenant_id = '00000000-0000-0000-0000-000000000001'"));
        assert!(text.find("SET LOCAL ROLE surv_technician").unwrap() > text.find("app.actor_id").unwrap());
        assert!(text.ends_with("::bytea[])"));
        assert!(!text.contains("confined"));
    }

    #[test]
    fn a_confinement_to_nothing_sets_every_list_to_empty() {
        let text = begin_statements(&technician(Confinement::Only(Default::default())), Access::Write);

        for setting in ["app.confined_jobs", "app.confined_invoices", "app.confined_customers"] {
            assert!(text.contains(&format!("SET LOCAL {setting} = '{{}}'")), "{text}");
        }
    }

    #[test]
    fn every_setting_is_local() {
        let text = begin_statements(&technician(Confinement::None), Access::Write);

        assert_eq!(text.matches("SET ").count(), text.matches("SET LOCAL ").count());
    }
}
