//! Whether sessions are what each URL says: one's own, or lent by a pooler.

use super::{databases::connect, report::Server, store};
use infra::{
    config::Config,
    postgres::{Database, TIME_OUTS, leads_to_pooler},
};
use sqlx::{Connection as _, PgConnection, error::DatabaseError};
use std::time::Duration;
use tokio::time::timeout;

/// How long the statements of a look may take together: a pooler that has no
/// second session to lend keeps us waiting.
const PATIENCE: Duration = Duration::from_secs(5);
/// A session that is lent may come back to us by chance.
const LOOKS: usize = 3;

/// What lasts from one statement to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lasts {
    /// The session.
    Session,
    /// Prepared statements: a pooler sees to them.
    Statements,
    /// Not even these.
    Nothing,
}

/// Says what is wrong with the sessions of a database; whether statements can be
/// sent at all.
pub async fn examine(
    server: &mut Server,
    database: Database,
    config: &Config,
) -> Result<bool, sqlx::Error> {
    let (url, direct) = (database.url(config), database.session_url(config));
    let name = database.name();
    let unsaid = format!(
        "which {name}_url does not say: add ?pooler=transaction to it, and name the database \
         itself in {name}_session_url"
    );
    let usable = of_url(server, url, &unsaid).await?;
    if !usable || !leads_to_pooler(url) {
        return Ok(usable);
    }
    if look(direct).await? != Lasts::Session {
        server.wrong(format!(
            "{name}_session_url leads to a pooler, too: it has to name the database itself"
        ));
    } else if place(url).await? != place(direct).await? {
        server.wrong(format!(
            "{name}_session_url and {name}_url lead to different databases"
        ));
    }
    Ok(true)
}

/// The same of a replica of the read models, which needs no session of its own.
pub async fn of_replica(server: &mut Server, url: &str) -> Result<bool, sqlx::Error> {
    let unsaid = "which its URL in views_read_urls does not say: add ?pooler=transaction to it";
    of_url(server, url, unsaid).await
}

/// The same of whatever the URL leads to; `unsaid` is what to do about a pooler
/// that it does not tell of.
async fn of_url(server: &mut Server, url: &str, unsaid: &str) -> Result<bool, sqlx::Error> {
    let lasts = look(url).await?;
    if !leads_to_pooler(url) {
        if lasts != Lasts::Session {
            server.wrong(format!(
                "a pooler lends its sessions for a transaction at a time, {unsaid}"
            ));
        }
        return Ok(lasts != Lasts::Nothing);
    }
    server.holds.push("behind a pooler".to_owned());
    if lasts == Lasts::Nothing {
        server.wrong(
            "the pooler loses prepared statements, and a statement may meet the values of another \
             one: PgBouncer 1.21 or newer with max_prepared_statements above 0 is needed, or \
             pool_mode = session",
        );
        return Ok(false);
    }
    of_role(server, url).await?;
    Ok(true)
}

/// What sessions of ours have otherwise, those of the pooler have by their role.
async fn of_role(server: &mut Server, url: &str) -> Result<(), sqlx::Error> {
    let mut session = connect(url).await?;
    let wanted = TIME_OUTS.map(|(name, _)| name);
    for missing in store::unset(&mut session, &wanted).await? {
        let value = TIME_OUTS.iter().find(|(name, _)| *name == missing);
        let value = value.map_or("", |(_, value)| value);
        server.wrong(format!(
            "sessions of the pooler have no {missing}: ALTER ROLE … SET {missing} = '{value}'"
        ));
    }
    session.close().await
}

async fn place(url: &str) -> Result<(String, i64), sqlx::Error> {
    let mut session = connect(url).await?;
    let place = store::place(&mut session).await?;
    session.close().await?;
    Ok(place)
}

/// Looks with two sessions, of which one takes away what the other one was lent.
async fn look(url: &str) -> Result<Lasts, sqlx::Error> {
    let (mut ours, mut other) = (connect(url).await?, connect(url).await?);
    let looking = timeout(PATIENCE, look_with(&mut ours, &mut other));
    let found = looking.await.unwrap_or_else(|late| {
        let late = std::io::Error::new(std::io::ErrorKind::TimedOut, late);
        Err(sqlx::Error::Io(late))
    });
    let lasts = match found {
        Err(error) if is_lost_statement(&error) => Lasts::Nothing,
        found => found?,
    };
    // They have answered.
    let _ = (ours.close().await, other.close().await);
    Ok(lasts)
}

async fn look_with(
    ours: &mut PgConnection,
    other: &mut PgConnection,
) -> Result<Lasts, sqlx::Error> {
    for _ in 0..LOOKS {
        let before = store::backend(ours).await?;
        let mut holding = other.begin().await?;
        store::backend(&mut holding).await?;
        let after = store::backend(ours).await?;
        holding.rollback().await?;
        if after != before {
            return Ok(Lasts::Statements);
        }
    }
    Ok(Lasts::Session)
}

/// 26000: there is no such statement; 42P05: there is one already; 08P01: the
/// pooler's own word for either.
fn is_lost_statement(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    matches!(code.as_deref(), Some("26000" | "42P05" | "08P01"))
}
