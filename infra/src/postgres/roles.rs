//! Roles of the databases, of which each program is given one (least privilege): none of
//! them may change or delete an event.
//!
//! They are groups, named as the roles of a deployment are. Who logs in is made by
//! whoever runs the databases (`CREATE ROLE … LOGIN IN ROLE orderlog_relay`).

use super::{Database, create_database_if_missing, is_locked_out, migration_options};
use crate::config::Config;
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::time::Duration;
use tokio::time::sleep;

/// One group for each role of a deployment, and one that the read models belong to.
const GROUPS: [&str; 6] = [
    "orderlog_command_api",
    "orderlog_read_api",
    "orderlog_relay",
    "orderlog_projector",
    "orderlog_worker",
    "orderlog_views",
];

/// How often tables that somebody reads are asked for, and how long is waited between:
/// five minutes in all.
const ATTEMPTS: u32 = 200;
const PAUSE: Duration = Duration::from_secs(1);

/// Roles cannot be made, or be granted what they need.
#[derive(Debug, thiserror::Error)]
#[error("the roles of the {database} database cannot be brought up to date")]
pub struct RolesError {
    database: &'static str,
    #[source]
    source: sqlx::Error,
}

/// Makes the groups in the clusters of all databases, where they are missing. Whoever
/// is connected may have to be a superuser for it, or have CREATEROLE.
pub async fn make_roles(config: &Config) -> Result<(), RolesError> {
    for database in Database::ALL {
        let failed = |source| of(database, source);
        let url = database.session_url(config);
        create_database_if_missing(url).await.map_err(failed)?;
        let mut connection = connect(url).await.map_err(failed)?;
        for group in GROUPS {
            // Another run may make it at the same time: roles have no IF NOT EXISTS.
            let sql = format!(
                "DO $$ BEGIN CREATE ROLE {group} NOLOGIN; \
                 EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            );
            connection.execute(&*sql).await.map_err(failed)?;
        }
        // Whoever migrates goes on changing tables that belong to it.
        let own = "GRANT orderlog_views TO CURRENT_USER";
        connection.execute(own).await.map_err(failed)?;
        connection.close().await.map_err(failed)?;
    }
    Ok(())
}

/// Grants the groups what they need in all databases; does nothing in a cluster that
/// has no such groups.
pub async fn grant_roles(config: &Config) -> Result<(), RolesError> {
    for database in Database::ALL {
        let grants = grant(database.session_url(config), grants(database));
        grants.await.map_err(|source| of(database, source))?;
    }
    Ok(())
}

async fn grant(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    let mut connection = connect(url).await?;
    let there: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_roles WHERE rolname = ANY($1)")
        .bind(GROUPS.map(str::to_owned).to_vec())
        .fetch_one(&mut connection)
        .await?;
    if usize::try_from(there) == Ok(GROUPS.len()) {
        let mut attempts = 1;
        while let Err(error) = grant_once(&mut connection, sql).await {
            if attempts == ATTEMPTS || !is_locked_out(&error) {
                return Err(error);
            }
            attempts += 1;
            sleep(PAUSE).await;
        }
    }
    connection.close().await
}

/// What changes its owner is locked for a moment; whoever waits for that keeps
/// everybody else waiting too, so it is asked for briefly, again and again.
async fn grant_once(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    // Two of them at once would stumble over each other's rows.
    let lock = "SELECT pg_advisory_xact_lock(hashtext('orderlog roles'))";
    transaction.execute(lock).await?;
    transaction
        .execute("SET LOCAL lock_timeout = '500ms'")
        .await?;
    transaction.execute(sql).await?;
    transaction.commit().await
}

const fn grants(database: Database) -> &'static str {
    match database {
        Database::Events => include_str!("../../migrations/roles/events.sql"),
        Database::Views => include_str!("../../migrations/roles/views.sql"),
        Database::Ops => include_str!("../../migrations/roles/ops.sql"),
    }
}

async fn connect(url: &str) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect_with(&migration_options(url)?).await
}

fn of(database: Database, source: sqlx::Error) -> RolesError {
    RolesError {
        database: database.name(),
        source,
    }
}
