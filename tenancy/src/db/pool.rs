//! Connections, and when one may be used again.
//!
//! sqlx's own pool hands a connection back whose BEGIN was cancelled in flight, with the previous tenant still set
//! (measured: one in ten cancelled requests; docs/decisions/0001). Here a connection is marked dirty before BEGIN
//! and clean only after an answered COMMIT or ROLLBACK; a dirty one never returns to its pool.

use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};

use super::error::DbError;

/// A connection and whether a transaction may be open on it.
pub(super) struct Conn {
    pub(super) inner: PgConnection,
    pub(super) dirty: bool,
    /// Nothing has run on it since it was opened: a failed BEGIN is then no sign of an idle death.
    fresh: bool,
}

impl std::fmt::Debug for Conn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conn").field("dirty", &self.dirty).finish_non_exhaustive()
    }
}

pub(super) struct Connect(PgConnectOptions);

impl std::fmt::Debug for Connect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connect")
    }
}

impl Manager for Connect {
    type Type = Conn;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Conn, sqlx::Error> {
        Ok(Conn { inner: PgConnection::connect_with(&self.0).await?, dirty: false, fresh: true })
    }

    async fn recycle(&self, conn: &mut Conn, _: &Metrics) -> RecycleResult<sqlx::Error> {
        if conn.dirty {
            return Err(RecycleError::message("a transaction may still be open on it"));
        }
        conn.fresh = false;
        Ok(())
    }
}

/// A pool of one login's connections.
#[derive(Debug, Clone)]
pub(super) struct LoginPool {
    pool: Pool<Connect>,
}

/// A connection on loan, with a transaction open on it.
pub(super) type Loan = Object<Connect>;

impl LoginPool {
    pub(super) fn new(options: PgConnectOptions, size: usize, wait: Duration) -> Self {
        let pool = Pool::<Connect>::builder(Connect(options))
            .max_size(size)
            // The one used last: its backend's caches are warm.
            .queue_mode(QueueMode::Lifo)
            .timeouts(Timeouts { wait: Some(wait), create: Some(wait), recycle: Some(wait) })
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .expect("a runtime is set, which is all that building a pool asks for");
        Self { pool }
    }

    /// Takes a connection and begins a transaction on it with `begin`, the context's statements. If an idle
    /// connection turns out to be dead, nothing has run yet, so another one is tried.
    pub(super) async fn begin(&self, begin: &str) -> Result<(Loan, Option<String>), DbError> {
        let mut attempts = self.pool.status().size + 1;
        loop {
            let mut loan = self.pool.get().await.map_err(pool_error)?;
            loan.dirty = true;
            match start(&mut loan.inner, begin).await {
                Ok(verdict) => return Ok((loan, verdict)),
                Err(error) => {
                    let was_fresh = loan.fresh;
                    // Dropped dirty: deadpool closes it.
                    drop(Object::take(loan));
                    attempts -= 1;
                    if was_fresh || attempts == 0 || !is_lost(&error) {
                        return Err(error.into());
                    }
                }
            }
        }
    }
}

/// Sends the whole context as one message of the simple protocol; the last statement may answer with a verdict.
#[allow(clippy::disallowed_methods, reason = "the one message that needs several statements; typed values only")]
async fn start(connection: &mut PgConnection, begin: &str) -> Result<Option<String>, sqlx::Error> {
    use sqlx::Row as _;
    let row = connection.fetch_optional(sqlx::raw_sql(AssertSqlSafe(begin.to_owned()))).await?;
    row.map(|row| row.try_get::<String, _>(0)).transpose()
}

/// Ends the transaction on a loan. Only an answer makes the connection clean.
#[allow(clippy::disallowed_methods, reason = "a constant without parameters")]
pub(super) async fn end(loan: &mut Loan, statement: &'static str) -> Result<(), sqlx::Error> {
    loan.inner.execute(sqlx::raw_sql(statement)).await?;
    loan.dirty = false;
    Ok(())
}

/// Rolls back in the background, so that an answer need not wait for it; closes what does not answer.
pub(super) fn roll_back_later(mut loan: Loan) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        drop(Object::take(loan));
        return;
    };
    runtime.spawn(async move {
        let answered = tokio::time::timeout(Duration::from_secs(2), end(&mut loan, "ROLLBACK")).await;
        if !matches!(answered, Ok(Ok(()))) {
            drop(Object::take(loan));
        }
    });
}

/// The connection is gone or going: administrator's shutdown, crash, cut cable, a standby taken for a primary.
pub fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => true,
        sqlx::Error::Database(inner) => inner.code().is_some_and(|code| {
            matches!(code.as_ref(), "57P01" | "57P02" | "57P03" | "57P05" | "25006" | "25P03") || code.starts_with("08")
        }),
        _ => false,
    }
}

fn pool_error(error: PoolError<sqlx::Error>) -> DbError {
    match error {
        PoolError::Backend(inner) if is_lost(&inner) => DbError::Unreachable(inner),
        PoolError::Backend(inner) => DbError::Database(inner),
        _ => DbError::Busy,
    }
}
