//! The four servers and what sets them apart.

use rustix::process::Signal;
use std::fmt;

/// A server that can be run locally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Server {
    /// PostgreSQL cluster of the log, alone, so that nothing else holds back
    /// its horizon.
    Events,
    /// PostgreSQL cluster of the read models and of the ops database.
    Views,
    /// A hot standby of that; only where it is asked for.
    Standby,
    /// Redis.
    Redis,
    /// Apache Kafka, one node, broker and controller in one.
    Kafka,
}

impl Server {
    /// Every one that a system needs.
    pub const ALL: [Self; 4] = [Self::Events, Self::Views, Self::Redis, Self::Kafka];

    /// Name of its data folder, log and pid file.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Events => "postgres-events",
            Self::Views => "postgres-views",
            Self::Standby => "postgres-standby",
            Self::Redis => "redis",
            Self::Kafka => "kafka",
        }
    }

    /// Whether it is a PostgreSQL cluster.
    pub const fn is_postgres(self) -> bool {
        matches!(self, Self::Events | Self::Views | Self::Standby)
    }

    /// Ends it cleanly. SIGINT is PostgreSQL's fast shutdown; its SIGTERM
    /// would wait for clients to leave.
    pub(super) const fn stop_signal(self) -> Signal {
        if self.is_postgres() {
            Signal::INT
        } else {
            Signal::TERM
        }
    }

    /// Ends it without delay when there is no time to wait for it. SIGQUIT is
    /// PostgreSQL's immediate shutdown, which takes its children along.
    pub(super) const fn abort_signal(self) -> Signal {
        if self.is_postgres() {
            Signal::QUIT
        } else {
            Signal::TERM
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Events => "PostgreSQL (events)",
            Self::Views => "PostgreSQL (views, ops)",
            Self::Standby => "PostgreSQL (standby of views, ops)",
            Self::Redis => "Redis",
            Self::Kafka => "Kafka",
        })
    }
}
