//! The replicas of the read models.

use super::{databases::connect, report::Server, sessions, store};
use futures_util::future::join_all;
use infra::{
    config::Config,
    lifecycle::error_chain,
    postgres::{Database, MigrationState, connect_options, migration_state},
};
use sqlx::Connection as _;

/// What becomes of the reads meanwhile.
const INSTEAD: &str = "lists and statistics are read from the others and the primary";

/// Looks at each of them.
pub async fn examine(config: &Config) -> Vec<Server> {
    let urls = config.views_read_urls.iter();
    join_all(urls.map(|url| examine_one(config, url))).await
}

async fn examine_one(config: &Config, url: &str) -> Server {
    let place = connect_options(url).map_or_else(
        |_| "not a URL".to_owned(),
        |options| format!("{}:{}", options.get_host(), options.get_port()),
    );
    let mut server = Server::new(format!("views replica {place}"));
    if let Err(error) = look(&mut server, config, url).await {
        server.warn(format!("{}: {INSTEAD}", error_chain(&*error)));
    }
    server
}

async fn look(
    server: &mut Server,
    config: &Config,
    url: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    // First of all, as of the databases.
    if !sessions::of_replica(server, url).await? {
        return Ok(());
    }
    let mut connection = connect(url).await?;
    let (version, _) = store::version(&mut connection).await?;
    server.answers = true;
    server.version = Some(format!("PostgreSQL {version}"));
    let replica = store::replica(&mut connection).await?;
    server.holds.push(if replica.follows {
        "follows the primary".to_owned()
    } else {
        "follows nobody".to_owned()
    });
    if replica.paused {
        server.warn("it stands still: SELECT pg_wal_replay_resume()");
    }
    if !replica.follows {
        server.warn("what it tells stays as it is, unless it is replicated to by other means");
    }
    if is_another(config, &replica).await {
        server.wrong("it is no copy of the cluster of views_url");
    }
    if migration_state(&mut connection, Database::Views).await? != MigrationState::UpToDate {
        server.warn(format!("it is not migrated like this release: {INSTEAD}"));
    }
    connection.close().await?;
    Ok(())
}

/// Whether a standby follows somebody else. A primary that does not answer has a
/// finding of its own.
async fn is_another(config: &Config, replica: &store::Replica) -> bool {
    let primary = async {
        let mut primary = connect(&config.views_url).await?;
        store::replica(&mut primary).await
    };
    replica.follows
        && primary
            .await
            .is_ok_and(|primary| primary.cluster != replica.cluster)
}
