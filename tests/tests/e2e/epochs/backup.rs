//! A backup of a log, and its restoration under whoever is connected.

use anyhow::{Context as _, Result};
use sqlx::{Connection as _, PgConnection};

/// A copy of an events database, on the same cluster.
pub struct Backup {
    server: String,
    database: String,
}

impl Backup {
    /// Takes one of the database at `url`. Its sessions are ended for it.
    pub async fn take(url: &str) -> Result<Self> {
        let (server, database) = url.rsplit_once('/').context("a URL without a database")?;
        let backup = Self {
            server: server.to_owned(),
            database: database.to_owned(),
        };
        let mut postgres = backup.closed().await?;
        let (name, copy) = (database, backup.copy());
        let sql = format!("CREATE DATABASE \"{copy}\" TEMPLATE \"{name}\"");
        sqlx::query(&sql).execute(&mut postgres).await?;
        let sql = format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS true");
        sqlx::query(&sql).execute(&mut postgres).await?;
        postgres.close().await?;
        Ok(backup)
    }

    /// Puts it in the place of the database.
    pub async fn restore(self) -> Result<()> {
        let mut postgres = self.closed().await?;
        let (name, copy) = (&self.database, self.copy());
        for sql in [
            format!("DROP DATABASE \"{name}\" WITH (FORCE)"),
            format!("ALTER DATABASE \"{copy}\" RENAME TO \"{name}\""),
        ] {
            sqlx::query(&sql).execute(&mut postgres).await?;
        }
        postgres.close().await?;
        Ok(())
    }

    fn copy(&self) -> String {
        format!("{}_backup", self.database)
    }

    /// Lets nobody into the database, and everybody out.
    async fn closed(&self) -> Result<PgConnection> {
        let mut postgres = PgConnection::connect(&format!("{}/postgres", self.server)).await?;
        let sql = format!(
            "ALTER DATABASE \"{}\" ALLOW_CONNECTIONS false",
            self.database
        );
        sqlx::query(&sql).execute(&mut postgres).await?;
        // Waits until each of them is gone.
        sqlx::query(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1",
        )
        .bind(&self.database)
        .execute(&mut postgres)
        .await?;
        Ok(postgres)
    }
}
