//! Schema migrations. They only expand; sqlx guards each database's run with
//! an advisory lock, so that several roles may start at once.

use super::connect_options;
use crate::{config::Config, epoch};
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection,
    migrate::{Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
};
use std::{borrow::Cow, str::FromStr};

/// (version, description, SQL) of each migration, oldest first.
pub(super) type Scripts = &'static [(i64, &'static str, &'static str)];

const EVENTS: Scripts = &[
    (
        1,
        "events",
        include_str!("../../migrations/events/0001_events.sql"),
    ),
    (
        2,
        "epochs",
        include_str!("../../migrations/events/0002_epochs.sql"),
    ),
    (
        4,
        "snapshots",
        include_str!("../../migrations/events/0004_snapshots.sql"),
    ),
];
const VIEWS: Scripts = &[
    (
        1,
        "views",
        include_str!("../../migrations/views/0001_views.sql"),
    ),
    (
        2,
        "epochs",
        include_str!("../../migrations/views/0002_epochs.sql"),
    ),
    (
        3,
        "builds",
        include_str!("../../migrations/views/0003_builds.sql"),
    ),
    (
        4,
        "parking",
        include_str!("../../migrations/views/0004_parking.sql"),
    ),
    (
        5,
        "parked builds",
        include_str!("../../migrations/views/0005_parked_builds.sql"),
    ),
    (
        6,
        "published",
        include_str!("../../migrations/views/0006_published.sql"),
    ),
    (
        7,
        "search",
        include_str!("../../migrations/views/0007_search.sql"),
    ),
    (
        8,
        "held builds and discards",
        include_str!("../../migrations/views/0008_held_builds_and_discards.sql"),
    ),
];
const OPS: Scripts = &[
    (1, "ops", include_str!("../../migrations/ops/0001_ops.sql")),
    (
        2,
        "epochs",
        include_str!("../../migrations/ops/0002_epochs.sql"),
    ),
    (
        3,
        "jobs",
        include_str!("../../migrations/ops/0003_jobs.sql"),
    ),
    (
        4,
        "webhooks",
        include_str!("../../migrations/ops/0004_webhooks.sql"),
    ),
    (
        5,
        "operations",
        include_str!("../../migrations/ops/0005_operations.sql"),
    ),
    (
        6,
        "exports",
        include_str!("../../migrations/ops/0006_exports.sql"),
    ),
    (
        7,
        "webhook lists",
        include_str!("../../migrations/ops/0007_webhooks.sql"),
    ),
    (
        8,
        "parts of operations that were begun",
        include_str!("../../migrations/ops/0008_operations.sql"),
    ),
    (
        9,
        "schedules",
        include_str!("../../migrations/ops/0009_schedules.sql"),
    ),
    (
        10,
        "scopes of keys",
        include_str!("../../migrations/ops/0010_scopes.sql"),
    ),
    (
        11,
        "operations about people",
        include_str!("../../migrations/ops/0011_people.sql"),
    ),
    (
        12,
        "rights of keys",
        include_str!("../../migrations/ops/0012_rights.sql"),
    ),
    (
        13,
        "secrets that do not open",
        include_str!("../../migrations/ops/0013_sealed.sql"),
    ),
    (
        14,
        "files of imports",
        include_str!("../../migrations/ops/0014_imports.sql"),
    ),
    (
        15,
        "erased orders",
        include_str!("../../migrations/ops/0015_erased_orders.sql"),
    ),
];

/// Why a database could not be brought up to date.
#[derive(Debug, thiserror::Error)]
#[error("the {database} database cannot be migrated")]
pub struct MigrateError {
    /// `events`, `views` or `ops`.
    pub database: &'static str,
    /// What the server said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// The three databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// The log.
    Events,
    /// The read models.
    Views,
    /// Keys, endpoints, jobs.
    Ops,
}

impl Database {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Events, Self::Views, Self::Ops];

    /// `events`, `views` or `ops`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Views => "views",
            Self::Ops => "ops",
        }
    }

    /// Where it is, without a pooler between.
    pub fn session_url(self, config: &Config) -> &str {
        let session = match self {
            Self::Events => &config.events_session_url,
            Self::Views => &config.views_session_url,
            Self::Ops => &config.ops_session_url,
        };
        if session.is_empty() {
            self.url(config)
        } else {
            session
        }
    }

    /// Where it is.
    pub fn url(self, config: &Config) -> &str {
        match self {
            Self::Events => &config.events_url,
            Self::Views => &config.views_url,
            Self::Ops => &config.ops_url,
        }
    }

    pub(super) const fn scripts(self) -> Scripts {
        match self {
            Self::Events => EVENTS,
            Self::Views => VIEWS,
            Self::Ops => OPS,
        }
    }
}

/// Brings all three databases up to date, creating those that are missing.
pub async fn migrate_all(config: &Config) -> Result<(), MigrateError> {
    for database in Database::ALL {
        migrate(database.session_url(config), database.scripts())
            .await
            .map_err(|source| MigrateError {
                database: database.name(),
                source,
            })?;
    }
    record_epoch(Database::Events.session_url(config))
        .await
        .map_err(|source| MigrateError {
            database: "events",
            source: source.into(),
        })
}

/// The log's epoch is that of the database that it was made in.
async fn record_epoch(url: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(&migration_options(url)?).await?;
    epoch::record_first(&mut connection).await?;
    connection.close().await
}

async fn migrate(
    url: &str,
    scripts: Scripts,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    create_database_if_missing(url).await?;
    let mut connection = PgConnection::connect_with(&migration_options(url)?).await?;
    migrator(scripts).run_direct(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Those of every session, but for two: building an index may take long, and so
/// may waiting for somebody else who builds it. That is not worth a line.
pub fn migration_options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = connect_options(url)?.disable_statement_logging();
    Ok(options.options([("statement_timeout", "0"), ("lock_timeout", "0")]))
}

pub(super) fn migrator(scripts: Scripts) -> Migrator {
    let migrations = scripts
        .iter()
        .map(|(version, description, sql)| {
            Migration::new(
                *version,
                Cow::Borrowed(*description),
                MigrationType::Simple,
                Cow::Borrowed(*sql),
                false,
            )
        })
        .collect();
    Migrator {
        migrations: Cow::Owned(migrations),
        ..Migrator::DEFAULT
    }
}

/// Creates the database that `url` names, through the `postgres` database of
/// the same server, unless it is there.
pub async fn create_database_if_missing(url: &str) -> Result<(), sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?;
    let Some(name) = options.get_database().map(str::to_owned) else {
        return Ok(());
    };
    match PgConnection::connect_with(&options).await {
        Ok(connection) => return connection.close().await,
        // 3D000: the database does not exist.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("3D000") => {}
        Err(error) => return Err(error),
    }
    let mut connection = PgConnection::connect_with(&options.database("postgres")).await?;
    let quoted = name.replace('"', "\"\"");
    let created = sqlx::query(&format!("CREATE DATABASE \"{quoted}\""))
        .execute(&mut connection)
        .await;
    connection.close().await?;
    match created {
        Ok(_) => Ok(()),
        // 42P04, 23505: somebody else made it in between.
        Err(sqlx::Error::Database(error))
            if matches!(error.code().as_deref(), Some("42P04" | "23505")) =>
        {
            Ok(())
        }
        Err(error) => Err(error),
    }
}
