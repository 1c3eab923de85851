//! Who acts in the matrix.

use surv_tests::Who;

/// A persona, through a person who has it, or a cross-tenant path.
#[derive(Debug, Clone, Copy)]
pub enum Acts {
    As(Who),
    Worker,
    Path,
}

#[derive(Debug, Clone, Copy)]
pub struct Role {
    pub name: &'static str,
    pub acts: Acts,
}

pub const ALL: &[Role] = &[
    Role { name: "admin", acts: Acts::As(Who::Admin) },
    Role { name: "manager", acts: Acts::As(Who::Manager) },
    Role { name: "technician", acts: Acts::As(Who::Technician1) },
    Role { name: "customer", acts: Acts::As(Who::Customer1) },
    Role { name: "worker", acts: Acts::Worker },
    Role { name: "identity", acts: Acts::Path },
    Role { name: "signup", acts: Acts::Path },
    Role { name: "dispatch", acts: Acts::Path },
    Role { name: "intake", acts: Acts::Path },
    Role { name: "operator", acts: Acts::Path },
    Role { name: "purge", acts: Acts::Path },
];
