//! The loop that claims what is due and runs it, a limited number at once.

use std::time::Duration;

use surv_tenancy::{
    db::{DbError, Path},
    queue::{self, Claim},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Workers, attempt, nudge, reconcilers};

impl Workers {
    /// Works until `shutdown`; then claims nothing more, waits for what runs, and returns what does not end in time.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut beside = JoinSet::new();
        beside.spawn(reconcilers::run(self.clone(), shutdown.clone()));
        if let Some(redis) = self.deps().redis.clone() {
            beside.spawn(nudge::listen(self.clone(), redis, shutdown.clone()));
        }
        beside.spawn(nudge::pass_on(self.clone(), shutdown.clone()));
        // Told to stop only when the grace is over; until then attempts go on.
        let give_back = CancellationToken::new();
        let mut running = JoinSet::new();
        while !shutdown.is_cancelled() {
            let more = self.fill(&mut running, &give_back).await;
            tokio::select! {
                () = shutdown.cancelled() => {}
                Some(_) = running.join_next() => {}
                () = self.0.nudge.notified() => {}
                () = tokio::time::sleep(self.deps().config.poll()), if !more => {}
                () = std::future::ready(()), if more => {}
            }
        }
        self.wind_down(running, give_back).await;
        while beside.join_next().await.is_some() {}
    }

    /// Claims and runs until nothing is due, then answers how many attempts were made. For tests and one-off runs.
    ///
    /// # Errors
    /// [`DbError`] when the queue cannot be read.
    pub async fn run_until_idle(&self) -> Result<usize, DbError> {
        let (mut attempts, give_back) = (0, CancellationToken::new());
        loop {
            let claims = self.claim(self.deps().config.concurrency).await?;
            if claims.is_empty() {
                return Ok(attempts);
            }
            attempts += claims.len();
            let mut running = JoinSet::new();
            for claim in claims {
                running.spawn(attempt::make(self.clone(), claim, give_back.clone()));
            }
            while running.join_next().await.is_some() {}
        }
    }

    /// Claims as much as there is room for; whether it is worth claiming again at once.
    async fn fill(&self, running: &mut JoinSet<()>, give_back: &CancellationToken) -> bool {
        while running.try_join_next().is_some() {}
        let room = self.deps().config.concurrency.saturating_sub(running.len());
        if room == 0 {
            return false;
        }
        match self.claim(room).await {
            Ok(claims) => {
                let more = !claims.is_empty() && claims.len() < room;
                for claim in claims {
                    running.spawn(attempt::make(self.clone(), claim, give_back.clone()));
                }
                more
            }
            Err(error) => {
                tracing::warn!(%error, "the queue cannot be read");
                false
            }
        }
    }

    async fn claim(&self, room: usize) -> Result<Vec<Claim>, DbError> {
        let deps = self.deps();
        let mut tx = deps.platform_db.begin(Path::Dispatch).await?;
        let per_tenant = deps.config.per_tenant.min(room);
        let claims = queue::claim(&mut tx, &deps.ids, count(room), count(per_tenant), deps.config.lease()).await?;
        tx.commit().await?;
        Ok(claims)
    }

    async fn wind_down(&self, mut running: JoinSet<()>, give_back: CancellationToken) {
        let grace = Duration::from_millis(self.deps().config.shutdown_ms);
        let ended = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, ended).await.is_ok() {
            return;
        }
        give_back.cancel();
        let returned = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(5), returned).await.is_err() {
            tracing::warn!("some tasks could not be returned; their leases will end");
        }
    }
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}
