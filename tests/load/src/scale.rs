//! How big the data are, and how long is measured.

use std::time::Duration;

/// Everything that a run may make smaller.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Companies in the database that is measured.
    pub tenants: i32,
    /// Companies in the one it is compared with.
    pub few_tenants: i32,
    /// Customers of the first company.
    pub large: i32,
    /// Customers of each other company. Each has five jobs, spread over 40 weeks.
    pub ordinary: i32,
    /// Connections that ask at once where throughput is measured.
    pub clients: usize,
    /// Different requests of one client.
    pub targets: usize,
    /// Of one side of one comparison; pgbench wants whole seconds.
    pub round: Duration,
    pub rounds: usize,
    /// Connections that ask at once where waiting is measured.
    pub crowd: usize,
    pub starts: usize,
}

impl Scale {
    /// What docs/performance.md is about.
    pub const FULL: Self = Self {
        tenants: 500,
        few_tenants: 10,
        large: 20_000,
        ordinary: 400,
        clients: 8,
        targets: 4,
        round: Duration::from_secs(2),
        rounds: 5,
        crowd: 16,
        starts: 10,
    };
    /// A look while something is changed: rows and rounds enough to see what is big.
    pub const QUICK: Self = Self { tenants: 50, large: 8_000, rounds: 3, starts: 5, ..Self::FULL };
    /// Whether the bench itself still works.
    pub const SMOKE: Self = Self {
        tenants: 12,
        few_tenants: 10,
        large: 80,
        ordinary: 40,
        clients: 2,
        targets: 2,
        round: Duration::from_secs(1),
        rounds: 1,
        crowd: 4,
        starts: 1,
    };
}
