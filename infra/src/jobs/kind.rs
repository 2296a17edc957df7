//! What kinds of jobs there are.

use crate::retry::RetryPolicy;
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;
use utoipa::ToSchema;

/// What comes first within a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before all others.
    High,
    /// As they come.
    Normal,
    /// After all others, but not never.
    Low,
}

impl Priority {
    /// All of them, the first first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    /// As it is stored.
    pub const fn as_number(self) -> i16 {
        match self {
            Self::High => 0,
            Self::Normal => 1,
            Self::Low => 2,
        }
    }

    /// From what is stored.
    pub const fn from_number(number: i16) -> Self {
        match number {
            i16::MIN..=0 => Self::High,
            1 => Self::Normal,
            2.. => Self::Low,
        }
    }
}

/// How jobs of a kind are treated. A constant of the code, not of the row: a
/// release that changes it changes it for the jobs that wait, too, but for
/// priority and number of attempts.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name, in the ledger and in metrics.
    pub name: &'static str,
    /// Where its jobs wait.
    pub queue: &'static str,
    /// What comes first there.
    pub priority: Priority,
    /// Attempts after which a job is dead.
    pub max_attempts: u32,
    /// How long one attempt may take.
    pub time_limit: Duration,
    /// Pauses between attempts.
    pub retry: RetryPolicy,
}

impl Kind {
    /// A kind in the queue `default`: 20 attempts over about a day, a minute
    /// each.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            queue: "default",
            priority: Priority::Normal,
            max_attempts: 20,
            time_limit: Duration::from_mins(1),
            retry: RetryPolicy {
                first_pause: Duration::from_secs(2),
                longest_pause: Duration::from_hours(4),
                give_up_after: Duration::MAX,
            },
        }
    }
}

/// The payload of a kind: ids of what it is about rather than data of persons.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// Its kind.
    const KIND: Kind;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priority_reads_back_from_its_number() {
        for priority in Priority::ALL {
            assert_eq!(Priority::from_number(priority.as_number()), priority);
        }
        assert!(Priority::ALL.is_sorted());
    }
}
