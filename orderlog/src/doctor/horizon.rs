//! What holds the log's horizon, or could (`docs/ARCHITECTURE.md`, invariant 3).

use super::{
    databases::connect,
    report::Finding,
    store::{self, Prepared, Session, Slot, TimeOuts},
};
use infra::{config::Config, postgres::Database};
use serde::Serialize;
use sqlx::{Connection as _, PgConnection};

/// What the findings are about.
const LOG: &str = "log";
/// A transaction that wrote and is open for so many seconds is worth a word;
/// ours take some milliseconds.
const LONG: f64 = 10.0;
/// For so many it is wrong: readers are that far behind.
const TOO_LONG: f64 = 60.0;
/// One that only reads holds nobody up, but PostgreSQL keeps old rows for it.
const LONG_READ: f64 = 600.0;

/// The log's horizon and its cluster.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogHealth {
    /// First transaction id that is not final.
    pub horizon: u64,
    /// Seconds for which the oldest transaction that wrote has been open; 0:
    /// nobody holds the horizon.
    pub horizon_age_seconds: f64,
    /// Events that are stored and wait behind the horizon, up to 10,000.
    pub waiting_events: i64,
    /// Open transactions of the whole cluster, the oldest first.
    pub transactions: Vec<Session>,
    /// Prepared transactions of the whole cluster.
    pub prepared: Vec<Prepared>,
    /// Other databases of the cluster in which somebody works.
    pub other_databases: Vec<String>,
    /// Replication slots: they hold write-ahead log, not the horizon.
    pub replication_slots: Vec<Slot>,
    /// What sessions are told.
    pub time_outs: TimeOuts,
    /// Whether we may see other users' sessions.
    pub sees_everybody: bool,
}

/// None where the log does not answer, or has no tables: that is told about its
/// database.
pub async fn examine(config: &Config) -> Option<LogHealth> {
    let mut ours = connect(&config.events_url).await.ok()?;
    // As somebody else's session would be.
    let mut plain = PgConnection::connect(Database::Events.session_url(config))
        .await
        .ok()?;
    let health = look(&mut ours, &mut plain).await;
    let _ = (ours.close().await, plain.close().await);
    health
        .inspect_err(|error| tracing::debug!(%error, "doctor.horizon_unknown"))
        .ok()
}

async fn look(ours: &mut PgConnection, plain: &mut PgConnection) -> Result<LogHealth, sqlx::Error> {
    let (horizon, waiting_events) = store::horizon(ours).await?;
    let transactions = store::transactions(ours).await?;
    let prepared = store::prepared(ours).await?;
    let writing = transactions.iter().filter(|session| session.wrote);
    let ages = writing.map(|session| session.open_seconds);
    let ages = ages.chain(prepared.iter().map(|prepared| prepared.open_seconds));
    Ok(LogHealth {
        horizon,
        horizon_age_seconds: ages.fold(0.0, f64::max),
        waiting_events,
        transactions,
        prepared,
        other_databases: store::other_databases(ours).await?,
        replication_slots: store::slots(ours).await?,
        time_outs: TimeOuts {
            ours: store::idle_time_out(ours).await?,
            others: store::idle_time_out(plain).await?,
        },
        sees_everybody: store::sees_everybody(ours).await?,
    })
}

impl LogHealth {
    /// What is to be said about it.
    pub fn findings(&self) -> Vec<Finding> {
        let mut all = Vec::new();
        for session in &self.transactions {
            all.extend(of_session(session));
        }
        all.extend(self.prepared.iter().map(of_prepared));
        all.extend(self.replication_slots.iter().filter_map(of_slot));
        all.extend(self.of_others());
        all.extend(self.of_time_outs());
        if !self.sees_everybody {
            all.push(Finding::warning(
                LOG,
                "this role may not see other users' transactions: GRANT pg_read_all_stats to it, \
                 or look as a superuser",
            ));
        }
        all
    }

    fn of_others(&self) -> Option<Finding> {
        let names = &self.other_databases;
        let some = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        (!names.is_empty()).then(|| {
            let more = if names.len() > 5 { ", …" } else { "" };
            Finding::warning(
                LOG,
                format!(
                    "its cluster is used for {} other database{} as well ({some}{more}): each \
                     long write there holds the horizon back. The log needs a cluster of its own",
                    names.len(),
                    if names.len() == 1 { "" } else { "s" }
                ),
            )
        })
    }

    fn of_time_outs(&self) -> Vec<Finding> {
        let mut all = Vec::new();
        if self.time_outs.ours == "0" {
            all.push(Finding::wrong(
                LOG,
                "our own sessions have no idle_in_transaction_session_timeout: something between \
                 us and PostgreSQL drops the options of a connection (a pooler?), so the role needs \
                 it: ALTER ROLE … SET idle_in_transaction_session_timeout = '10s'",
            ));
        }
        if self.time_outs.others == "0" {
            all.push(Finding::warning(
                LOG,
                "idle_in_transaction_session_timeout is not set for other sessions: one that \
                 forgets to commit holds the horizon for ever. ALTER SYSTEM SET \
                 idle_in_transaction_session_timeout = '1min'",
            ));
        }
        all
    }
}

fn of_session(session: &Session) -> Option<Finding> {
    let Session { open_seconds, .. } = session;
    let end = format!("SELECT pg_terminate_backend({})", session.pid);
    if session.wrote && *open_seconds >= LONG {
        let what = format!("{session} holds the horizon back. {end} ends it");
        return Some(by_age(*open_seconds, what));
    }
    (*open_seconds >= LONG_READ).then(|| {
        let what = format!(
            "{session} has only read: it does not hold the horizon, but would if it wrote. {end} \
             ends it"
        );
        Finding::warning(LOG, what)
    })
}

fn of_prepared(prepared: &Prepared) -> Finding {
    let what = format!(
        "transaction {:?} of database {} is prepared for {:.0} s and holds the horizon back until \
         it is committed or rolled back (ROLLBACK PREPARED)",
        prepared.gid, prepared.database, prepared.open_seconds
    );
    by_age(prepared.open_seconds, what)
}

fn by_age(open_seconds: f64, what: String) -> Finding {
    if open_seconds >= TOO_LONG {
        Finding::wrong(LOG, what)
    } else {
        Finding::warning(LOG, what)
    }
}

fn of_slot(slot: &Slot) -> Option<Finding> {
    (!slot.active).then(|| {
        let mebibytes = slot.retained_bytes >> 20;
        let what = format!(
            "replication slot {:?} is used by nobody and keeps {mebibytes} MiB of write-ahead log \
             (it does not hold the horizon): its disk fills. pg_drop_replication_slot drops it",
            slot.name
        );
        Finding::warning(LOG, what)
    })
}

#[cfg(test)]
mod tests {
    use super::super::report::Level;
    use super::*;

    fn session(wrote: bool, open_seconds: f64) -> Session {
        Session {
            pid: 7,
            database: "events".into(),
            user: "ann".into(),
            application: "psql".into(),
            state: "idle in transaction".into(),
            wrote,
            open_seconds,
            query: "INSERT INTO x".into(),
        }
    }

    #[test]
    fn a_transaction_is_judged_by_its_age_and_by_whether_it_wrote() {
        let level = |wrote, seconds| of_session(&session(wrote, seconds)).map(|f| f.level);
        assert_eq!(level(true, 9.0), None);
        assert_eq!(level(true, 11.0), Some(Level::Warning));
        assert_eq!(level(true, 61.0), Some(Level::Wrong));
        assert_eq!(level(false, 61.0), None);
        assert_eq!(level(false, 601.0), Some(Level::Warning));
        let told = of_session(&session(true, 61.0)).expect("it is wrong").what;
        assert!(told.contains("psql") && told.contains("pg_terminate_backend(7)"));
    }

    #[test]
    fn a_healthy_log_has_nothing_to_be_said_about() {
        let mut health = LogHealth {
            horizon: 9,
            horizon_age_seconds: 0.0,
            waiting_events: 0,
            transactions: Vec::new(),
            prepared: Vec::new(),
            other_databases: Vec::new(),
            replication_slots: Vec::new(),
            time_outs: TimeOuts {
                ours: "10s".into(),
                others: "1min".into(),
            },
            sees_everybody: true,
        };
        assert_eq!(health.findings(), []);
        health.other_databases = vec!["shop".into()];
        health.time_outs.others = "0".into();
        health.sees_everybody = false;
        assert_eq!(health.findings().len(), 3);
        health.time_outs.ours = "0".into();
        let wrong = |f: &Finding| f.level == Level::Wrong;
        assert_eq!(health.findings().iter().filter(|f| wrong(f)).count(), 1);
    }
}
