//! Has the product make requests while Postgres logs what it receives.

use std::time::Duration;

use anyhow::bail;
use sqlx::{
    AssertSqlSafe, Either, Executor as _, PgConnection, Row as _, SqlSafeStr as _, Statement as _, TypeInfo as _,
};

use crate::{
    capture::{Log, Transaction},
    data::several,
    drive::Source,
    http::{Connection, Request},
    script::Recorded,
    stack::Stack,
};

/// Logs every statement until it is told to stop.
#[derive(Debug)]
pub struct Recorder<'a> {
    stack: &'a Stack,
    superuser: &'a mut PgConnection,
    http: Connection,
}

impl<'a> Recorder<'a> {
    /// # Errors
    /// When the settings can't be changed.
    pub async fn begin(stack: &'a Stack, superuser: &'a mut PgConnection) -> anyhow::Result<Self> {
        for setting in ["log_parameter_max_length = -1", "log_statement = 'all'"] {
            set(superuser, &format!("SET {setting}")).await?;
        }
        // The postmaster tells all backends at once; each reads it before its next statement.
        while sqlx::query("SHOW log_statement").fetch_one(&mut *superuser).await?.get::<String, _>(0) != "all" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let http = Connection::open(&stack.api_address()?).await?;
        Ok(Self { stack, superuser, http })
    }

    /// # Errors
    /// When the settings can't be changed back.
    pub async fn end(self) -> anyhow::Result<()> {
        for setting in ["log_statement", "log_parameter_max_length"] {
            set(self.superuser, &format!("RESET {setting}")).await?;
        }
        Ok(())
    }

    /// What the product sends for the first `targets` requests of a client.
    ///
    /// # Errors
    /// When a request is refused, or two of one kind send different statements.
    pub async fn transactions(
        &mut self,
        login: &str,
        source: &impl Source,
        client: usize,
        targets: usize,
    ) -> anyhow::Result<Vec<Recorded>> {
        let mut found = Vec::with_capacity(targets);
        for number in 0..targets {
            // Twice: what differs is made anew with each request.
            let once = self.transaction(login, &source.request(client, number)).await?;
            let again = self.transaction(login, &source.request(client, number)).await?;
            let mut types = Vec::new();
            for (first, second) in once.statements.iter().zip(&again.statements) {
                if first.text != second.text {
                    bail!("one request sends different statements: {} and {}", first.text, second.text);
                }
                types.push(self.types(&first.text).await?);
            }
            if once.statements.is_empty() || once.statements.len() != again.statements.len() {
                bail!("a request sent no statement, or another time more: {once:?} {again:?}");
            }
            found.push(Recorded { once, again, types });
        }
        Ok(found)
    }

    async fn transaction(&mut self, login: &str, request: &Request) -> anyhow::Result<Transaction> {
        let mut log = Log::at_end(self.stack.postgres_log())?;
        let answer = self.http.call(request).await?;
        if !(200..300).contains(&answer.status) {
            bail!("a request was answered {}: {}", answer.status, String::from_utf8_lossy(answer.body));
        }
        log.transaction(login).await
    }

    /// The types of a statement's parameters as Postgres infers them.
    async fn types(&mut self, text: &str) -> anyhow::Result<Vec<String>> {
        let statement = self.superuser.prepare(AssertSqlSafe(text.to_owned()).into_sql_str()).await?;
        match statement.parameters() {
            Some(Either::Left(types)) => Ok(types.iter().map(|info| info.name().to_owned()).collect()),
            _ => bail!("Postgres tells no types of {text}"),
        }
    }
}

/// Changes a setting of the bench's own Postgres, for connections that exist as well.
async fn set(superuser: &mut PgConnection, change: &str) -> anyhow::Result<()> {
    several(superuser, &format!("ALTER SYSTEM {change}")).await?;
    several(superuser, "SELECT pg_reload_conf()").await?;
    Ok(())
}
