//! Leadership among processes: a session advisory lock on a connection of its
//! own. It alone does not keep a second leader away, as one may be frozen and
//! wake up: whoever leads has to fence those before it.
//!
//! The session has `idle_session_timeout` of 5 s and is pinged each second: a
//! leader that is frozen or cut off loses the session, and with it the lock,
//! within that time. The connection must lead to Postgres itself or through a
//! pooler in session mode; a pooler that hands statements to other sessions is
//! noticed by the backend's process id.

use crate::postgres;
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use std::time::Duration;
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

const IDLE_SESSION_TIMEOUT: &str = "5s";
const PING: Duration = Duration::from_secs(1);
/// Shorter than the session's time-out, so that a leader that is cut off stops
/// before another one can begin.
const PATIENCE: Duration = Duration::from_secs(3);

/// The lock, as a process that wants it sees it.
#[derive(Debug)]
pub struct LeaderLock {
    options: PgConnectOptions,
    name: String,
    session: Option<PgConnection>,
}

impl LeaderLock {
    /// Connects to nothing yet. Whoever names the same database and `name`
    /// competes for the same lock; `application` is the session's name in
    /// `pg_stat_activity`.
    pub fn new(url: &str, name: String, application: &str) -> Result<Self, sqlx::Error> {
        let options = postgres::connect_options(url)?
            .application_name(application)
            .options([("idle_session_timeout", IDLE_SESSION_TIMEOUT)]);
        Ok(Self {
            options,
            name,
            session: None,
        })
    }

    /// One try; `None` while somebody else has the lock. To be called again
    /// more often than the session's time-out.
    pub async fn try_lead(&mut self) -> Result<Option<Leadership>, sqlx::Error> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => in_time(PgConnection::connect_with(&self.options)).await?,
        };
        let query = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended($1, 0))")
            .bind(&self.name);
        if in_time(query.fetch_one(&mut session)).await? {
            let backend = in_time(ping(&mut session)).await?;
            return Ok(Some(Leadership::keep(session, backend)));
        }
        self.session = Some(session);
        Ok(None)
    }
}

/// Held while this process leads. Dropped without [`Leadership::release`], the
/// session ends by itself.
#[derive(Debug)]
pub struct Leadership {
    lost: CancellationToken,
    released: CancellationToken,
    pings: JoinHandle<()>,
}

impl Leadership {
    fn keep(session: PgConnection, backend: i32) -> Self {
        let (lost, released) = (CancellationToken::new(), CancellationToken::new());
        let pings = tokio::spawn(keep_alive(session, backend, lost.clone(), released.clone()));
        Self {
            lost,
            released,
            pings,
        }
    }

    /// Completes when the lock is, or may be, somebody else's.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Gives the lock back and waits until the server has it.
    pub async fn release(mut self) {
        self.released.cancel();
        // A panic in there has ended the session all the same.
        let _ = (&mut self.pings).await;
    }
}

impl Drop for Leadership {
    fn drop(&mut self) {
        self.released.cancel();
    }
}

async fn keep_alive(
    mut session: PgConnection,
    backend: i32,
    lost: CancellationToken,
    released: CancellationToken,
) {
    // Cancelled also when this task is dropped with its runtime.
    let lost = lost.drop_guard();
    let mut tick = interval(PING);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = released.cancelled() => break,
            _ = tick.tick() => {}
        }
        match in_time(ping(&mut session)).await {
            Ok(answered) if answered == backend => {}
            Ok(_) => {
                tracing::error!(
                    "leader.session_is_shared: a pooler in transaction mode, see `pooler` in docs/OPERATIONS.md"
                );
                break;
            }
            Err(error) => {
                tracing::warn!(error = %error, "leader.lost");
                break;
            }
        }
    }
    drop(lost);
    // Ends the session at once; were the server away, it would notice later.
    let _ = in_time(session.close()).await;
}

async fn ping(session: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(session)
        .await
}

async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    timeout(PATIENCE, work).await.unwrap_or_else(|elapsed| {
        Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            elapsed,
        )))
    })
}
