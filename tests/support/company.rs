//! The two companies of `seed.sql`, by the ids that it gives them.

use sqlx::{AssertSqlSafe, PgConnection};
use surv_tenancy::{Actor, Confinement, Principal, Role};
use uuid::Uuid;

/// In the order of `pg_temp.id` in `seed.sql`.
const KINDS: [&str; 16] = [
    "tenant",
    "user",
    "customer",
    "property",
    "job",
    "visit",
    "note",
    "event",
    "task",
    "session",
    "message",
    "invitation",
    "challenge",
    "sign_up",
    "contact",
    "file",
];

/// A person of a company who has a live session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Admin,
    Manager,
    /// Has visit 1; was released from visit 3.
    Technician1,
    /// Has visits 2 and 4.
    Technician2,
    /// Stands for customer 1; no longer for customer 3.
    Customer1,
    /// Stands for customer 2.
    Customer2,
    /// Stands for customers 2 and 3.
    CustomerOfTwo,
    /// Has visit 3, in each company.
    TechnicianOfBoth,
}

impl Who {
    pub const ALL: [Self; 8] = [
        Self::Admin,
        Self::Manager,
        Self::Technician1,
        Self::Technician2,
        Self::Customer1,
        Self::Customer2,
        Self::CustomerOfTwo,
        Self::TechnicianOfBoth,
    ];

    /// The number of the user and of the session.
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    pub const fn role(self) -> Role {
        match self {
            Self::Admin => Role::Admin,
            Self::Manager => Role::Manager,
            Self::Technician1 | Self::Technician2 | Self::TechnicianOfBoth => Role::Technician,
            Self::Customer1 | Self::Customer2 | Self::CustomerOfTwo => Role::Customer,
        }
    }
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Company(u8);

impl Company {
    pub const ACME: Self = Self(1);
    pub const RIVAL: Self = Self(2);

    /// The id of one of its things: `id("job", 1)`.
    ///
    /// # Panics
    /// When the seed has no such kind.
    pub fn id(self, kind: &str, number: u8) -> Uuid {
        let company = if kind == "user" && number == Who::TechnicianOfBoth.number() { 0 } else { self.0 };
        let kind = 1 + KINDS.iter().position(|k| *k == kind).expect("a kind that the seed knows");
        Uuid::from_u128(
            (u128::from(company) << 96) | ((kind as u128) << 80) | 0x4000_8000_0000_0000_0000 | u128::from(number),
        )
    }

    pub fn tenant_id(self) -> Uuid {
        self.id("tenant", 1)
    }

    pub fn user(self, who: Who) -> Uuid {
        self.id("user", who.number())
    }

    pub fn actor(self, who: Who) -> Actor {
        self.confined(who, Confinement::None)
    }

    pub fn confined(self, who: Who, confinement: Confinement) -> Actor {
        Actor {
            tenant_id: self.tenant_id().into(),
            principal: Principal::Person {
                user_id: self.user(who).into(),
                role: who.role(),
                session_id: self.id("session", who.number()).into(),
                revocation_ids: vec![vec![0xaa; 64]],
            },
            confinement,
            request_id: None,
        }
    }

    pub fn worker(self) -> Actor {
        Actor::worker(self.tenant_id().into(), None)
    }

    #[allow(clippy::disallowed_methods, reason = "a file of several statements, no input in it")]
    pub(crate) async fn seed_both(superuser: &mut PgConnection) -> sqlx::Result<()> {
        for company in [Self::ACME, Self::RIVAL] {
            let text = include_str!("seed.sql").replace("{n}", &company.0.to_string());
            sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *superuser).await?;
        }
        Ok(())
    }
}
