//! Reading one's own writes: `min_version` and `min_position` wait, bounded,
//! until the views have what a command answered (`docs/ARCHITECTURE.md`,
//! invariant 13; RFC 7240).

mod progress;
mod store;

pub use progress::{Patience, Progress, Target, Wait, Waited};

use crate::{problems::not_yet_visible, servers::Route, state::State};
use actix_web::{
    HttpRequest,
    http::header::{HeaderName, HeaderValue},
};
use contracts::PositionToken;
use infra::{
    http::{Prefer, Problem, Query, query::invalid},
    views::models::{self, ReadModel},
};
use std::time::Duration;
use uuid::Uuid;

/// Which preferences were followed.
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Whether what an answer is about is parked: `parked`, else absent.
pub const PROJECTION: HeaderName = HeaderName::from_static("orderlog-projection");
/// Its one value: later events of it wait for a cause to be removed, and what is
/// told of it is older than they are.
pub const PARKED: HeaderValue = HeaderValue::from_static("parked");

/// How long is waited where the client does not say.
const DEFAULT_WAIT: Duration = Duration::from_secs(2);
/// How long is waited at most.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What a request is about, where it is about one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct About {
    /// Name of its read model.
    pub model: &'static str,
    /// Its id in the log.
    pub id: Uuid,
}

impl About {
    /// The one of `model` with this id.
    pub const fn of(model: &ReadModel, id: Uuid) -> Self {
        let model = model.name;
        Self { model, id }
    }
}

/// What came of waiting, and who is to be asked.
pub struct Ready {
    /// Whether all that was asked for is there, if anything was.
    pub reached: bool,
    /// Servers that have it. Where it was not reached: whoever answers, the
    /// primary first.
    pub route: Route,
}

/// What an answer must have seen at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    min_version: Option<i64>,
    min_position: Option<PositionToken>,
    prefer: Prefer,
}

impl Consistency {
    /// The parameters `min_version` and `min_position` of a request, and how
    /// long it wants to wait for them.
    ///
    /// # Errors
    /// 400 for a version below 1, or a position that this API never gave.
    pub fn of(request: &HttpRequest, query: &Query) -> Result<Self, Problem> {
        let version = "a version from 1";
        let min_version = query.parsed::<i64>("min_version", version)?;
        if min_version.is_some_and(|min_version| min_version < 1) {
            return Err(invalid("min_version", format!("must be {version}")));
        }
        let position = "the `position` of a command's answer or of an event";
        let min_position = query.parsed::<PositionToken>("min_position", position)?;
        if min_position.as_ref().is_some_and(is_foreign) {
            return Err(invalid("min_position", format!("must be {position}")));
        }
        Ok(Self {
            min_version,
            min_position,
            prefer: Prefer::of(request),
        })
    }

    /// Whether a position is asked for.
    pub const fn has_position(&self) -> bool {
        self.min_position.is_some()
    }

    /// The version that is asked for.
    pub const fn min_version(&self) -> Option<i64> {
        self.min_version
    }

    /// Whether anything is asked for.
    pub const fn is_asked_for(&self) -> bool {
        self.min_version.is_some() || self.has_position()
    }

    /// Waits until the views have what is asked for, as long as is preferred.
    /// `about` is what `min_version` speaks of; while it is parked nothing is
    /// waited for. A position is there once every projection of its topic has
    /// passed it, whichever one the request is about: what a client has written
    /// may be in any.
    ///
    /// A replica is asked only what it was seen to have. Where it does not have
    /// it yet, the primary is waited for: it has it first.
    ///
    /// # Errors
    /// 503 where it does not come in time, and the client wants an error then.
    pub async fn wait(&self, state: &State, about: Option<About>) -> Result<Ready, Problem> {
        let servers = &state.servers;
        if !self.is_asked_for() {
            let route = match about {
                Some(_) => servers.for_one(),
                None => servers.for_many(),
            };
            let reached = true;
            return Ok(Ready { reached, route });
        }
        let version = about.zip(self.min_version);
        let version = version.map(|(about, version)| Target::Version { about, version });
        let positions = self.min_position.iter().flat_map(|token| {
            models::of_topic(&token.topic).map(|model| Target::Position {
                model: model.name,
                partition: token.partition,
                at: token.at,
            })
        });
        let targets = version.into_iter().chain(positions).collect();
        let wait = Wait { targets, about };
        let waited = state.progress.wait(&wait, self.time()).await;
        match waited.map_err(|error| Problem::database(&error))? {
            Waited::Reached { by } => Ok(Ready {
                reached: true,
                route: servers.beginning_with(by),
            }),
            Waited::Parked if self.prefer.handling_strict => {
                Err(not_yet_visible().header(PROJECTION, "parked"))
            }
            Waited::NotYet if self.prefer.handling_strict => Err(not_yet_visible()),
            Waited::Parked | Waited::NotYet => Ok(Ready {
                reached: false,
                route: servers.for_one(),
            }),
        }
    }

    /// The value of [`PREFERENCE_APPLIED`].
    pub fn applied(&self) -> Option<String> {
        self.min_version
            .map(|_| ())
            .or(self.min_position.as_ref().map(|_| ()))?;
        let wait = self
            .prefer
            .wait
            .map(|_| format!("wait={}", self.time().as_secs()));
        let strict = self
            .prefer
            .handling_strict
            .then(|| "handling=strict".to_owned());
        let applied: Vec<_> = wait.into_iter().chain(strict).collect();
        (!applied.is_empty()).then(|| applied.join(", "))
    }

    fn time(&self) -> Duration {
        self.prefer.wait.unwrap_or(DEFAULT_WAIT).min(LONGEST_WAIT)
    }
}

/// Whether no projection reads where the position is.
fn is_foreign(token: &PositionToken) -> bool {
    let mut models = models::of_topic(&token.topic);
    !models.any(|model| (0..model.topic.partitions).contains(&token.partition))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::{LogPosition, topics};

    #[test]
    fn a_position_is_one_of_a_partition_that_is_read() {
        let foreign = |topic: &str, partition| {
            is_foreign(&PositionToken {
                topic: topic.to_owned(),
                partition,
                at: LogPosition::START,
            })
        };
        for (topic, partitions) in [
            (topics::ORDER_EVENTS, 12),
            (topics::CATALOG_EVENTS, 12),
            (topics::PLATFORM_EVENTS, 1),
            (topics::SHIPPING_EVENTS, 1),
        ] {
            assert!(!foreign(topic, 0) && !foreign(topic, partitions - 1));
            assert!(foreign(topic, partitions) && foreign(topic, -1), "{topic}");
        }
        assert!(foreign(topics::ORDER_STATE, 0) && foreign("", 0));
    }
}
