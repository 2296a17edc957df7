//! The three databases.

use super::{report::Server, sessions, store};
use futures_util::future::join_all;
use infra::{
    config::Config,
    epoch,
    lifecycle::error_chain,
    postgres::{Database, MigrationState, connect_options, migration_state},
};
use sqlx::{Connection as _, PgConnection};
use std::time::Duration;
use tokio::time::timeout;

/// How long a server may take to let us in.
const PATIENCE: Duration = Duration::from_secs(5);
/// The oldest PostgreSQL that will do, as `server_version_num`.
pub const OLDEST: i32 = 150_000;

/// A session as all of ours are.
pub async fn connect(url: &str) -> Result<PgConnection, sqlx::Error> {
    let options = connect_options(url)?;
    let connecting = PgConnection::connect_with(&options);
    timeout(PATIENCE, connecting).await.unwrap_or_else(|late| {
        let late = std::io::Error::new(std::io::ErrorKind::TimedOut, late);
        Err(sqlx::Error::Io(late))
    })
}

/// Looks at each of them.
pub async fn examine(config: &Config) -> Vec<Server> {
    let all = Database::ALL.map(|database| examine_one(database, config));
    join_all(all).await
}

async fn examine_one(database: Database, config: &Config) -> Server {
    let mut server = Server::new(match database {
        Database::Events => "events database",
        Database::Views => "views database",
        Database::Ops => "ops database",
    });
    if let Err(error) = look(&mut server, database, config).await {
        server.wrong(error_chain(&*error));
    }
    server
}

async fn look(
    server: &mut Server,
    database: Database,
    config: &Config,
) -> Result<(), Box<dyn std::error::Error>> {
    // First of all: through a pooler that will not do, everything else may fail.
    if !sessions::examine(server, database, config).await? {
        return Ok(());
    }
    let mut connection = connect(database.url(config)).await?;
    let (version, number) = store::version(&mut connection).await?;
    server.answers = true;
    server.version = Some(format!("PostgreSQL {version}"));
    if number < OLDEST {
        server.wrong("PostgreSQL 15 is the oldest that will do");
    }
    let state = migration_state(&mut connection, database).await?;
    let holds = match state {
        MigrationState::UpToDate => "migrated".to_owned(),
        MigrationState::Behind(missing) => {
            server.wrong(format!(
                "{missing} migrations are missing: run `orderlog migrate`"
            ));
            format!("{missing} migrations behind")
        }
        MigrationState::Ahead(more) => {
            server.warn("a later release has migrated it: this one should be replaced");
            format!("{more} migrations ahead")
        }
        MigrationState::Broken(which) => {
            server.wrong(format!(
                "migration {which} was cut short, or is another one than this release's"
            ));
            format!("migration {which} broken")
        }
    };
    server.holds.push(holds);
    if database == Database::Events && matches!(state, MigrationState::UpToDate) {
        let epoch = epoch::verdict(&mut connection).await?;
        server.holds.push(format!("epoch {}", epoch.epoch));
    }
    connection.close().await?;
    Ok(())
}
