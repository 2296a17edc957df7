//! Whether the stored build can be followed, or a new one has to be made first
//! (`docs/ARCHITECTURE.md`, invariants 6 and 14).

use super::{
    environment::Engine,
    lock::RebuildLock,
    projection::Projection,
    rebuild::{self, Asked, OnProgress, RebuildError},
    store::{self, Build, Held},
    topic::TopicState,
};
use infra::views::builds;
use sqlx::PgConnection;
use std::{fmt, sync::Arc};

/// Why a projection is rebuilt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    NeverBuilt,
    /// The stored build was made by older code.
    OlderVersion {
        stored: i32,
    },
    /// The offsets belong to another topic of the same name.
    OtherTopic,
    /// The log was restored since; rows may hold what it lost.
    OtherEpoch,
    /// A partition has no offset, or an offset has no partition.
    Partitions,
    /// Kafka no longer has, or never had, the offset to go on from.
    OffsetOutOfRange {
        partition: i32,
        next: i64,
    },
    /// A consumer was told that its offset is out of range.
    ConsumerRefused,
    /// Somebody asked for it.
    Requested,
}

impl Reason {
    /// For metrics and the log.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NeverBuilt => "never_built",
            Self::OlderVersion { .. } => "older_version",
            Self::OtherTopic => "other_topic",
            Self::OtherEpoch => "other_epoch",
            Self::Partitions => "partitions",
            Self::OffsetOutOfRange { .. } | Self::ConsumerRefused => "offset_out_of_range",
            Self::Requested => "requested",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a worker found, or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prepared {
    pub build: i64,
    pub topic_id: String,
    pub epoch: i32,
}

/// What a look at the stored build came to.
enum Found {
    Usable(Prepared),
    Unusable(Reason),
}

/// Makes sure that there is a build that this code can go on with, making one
/// if need be; what is served meanwhile stays as it is. `refused` is the build
/// whose offsets Kafka has refused.
pub(super) async fn prepare<P: Projection>(
    engine: &Arc<Engine<P>>,
    refused: Option<i64>,
    progress: &OnProgress<'_>,
) -> Result<Prepared, RebuildError> {
    // Without the right to build: a requested build that somebody carries out
    // is no reason to wait.
    let mut connection = engine.views().acquire().await?;
    let found = look(engine, &mut connection, refused).await?;
    drop(connection);
    if let Found::Usable(prepared) = found {
        return Ok(prepared);
    }
    let mut lock = RebuildLock::acquire(&engine.config, P::NAME).await?;
    loop {
        match look(engine, &mut lock.connection, refused).await? {
            Found::Usable(prepared) => {
                lock.release().await?;
                return Ok(prepared);
            }
            Found::Unusable(reason) => {
                if let Some(held) = held::<P>(engine, &mut lock.connection).await? {
                    lock.release().await?;
                    return Err(held);
                }
                let asked = Asked {
                    reason,
                    workers: engine.config.projector_workers,
                    progress,
                };
                rebuild::run(engine, &mut lock, &asked).await?;
            }
        }
    }
}

/// What the open build waits for, where somebody has to accept it: it is left
/// alone, as going on with it would count all of its rows again.
async fn held<P: Projection>(
    engine: &Engine<P>,
    views: &mut PgConnection,
) -> Result<Option<RebuildError>, RebuildError> {
    let open = builds::opened(&mut *views, P::NAME).await?;
    let epoch = engine.log.epoch().await?.epoch;
    let held = open.filter(|open| rebuild::is_held::<P>(open) && open.epoch == Some(epoch));
    Ok(held.map(|open| RebuildError::Held {
        projection: P::NAME,
        build: open.build,
        why: open.error.unwrap_or_default(),
    }))
}

async fn look<P: Projection>(
    engine: &Engine<P>,
    views: &mut PgConnection,
    refused: Option<i64>,
) -> Result<Found, RebuildError> {
    let stored = store::build(&mut *views, P::NAME).await?;
    let held = store::held(&mut *views, P::NAME).await?;
    let topic = TopicState::read(&engine.config, P::TOPIC.name).await?;
    let epoch = engine.log.epoch().await?.epoch;
    let evidence = Evidence {
        stored: stored.as_ref(),
        held: &held,
        topic: &topic,
        epoch,
    };
    Ok(match reason::<P>(&evidence, refused)? {
        Some(reason) => Found::Unusable(reason),
        None => Found::Usable(Prepared {
            build: held.build,
            topic_id: topic.id,
            epoch,
        }),
    })
}

/// What there is to judge by.
struct Evidence<'a> {
    stored: Option<&'a Build>,
    held: &'a Held,
    topic: &'a TopicState,
    /// Present epoch of the log.
    epoch: i32,
}

/// Why the stored build cannot be gone on with, if it cannot.
fn reason<P: Projection>(
    found: &Evidence<'_>,
    refused: Option<i64>,
) -> Result<Option<Reason>, RebuildError> {
    let Evidence {
        stored,
        held,
        topic,
        epoch,
    } = *found;
    let Some(stored) = stored else {
        return Ok(Some(Reason::NeverBuilt));
    };
    // Two releases that run side by side must not undo each other's work.
    if stored.version > P::VERSION {
        return Err(RebuildError::NewerVersion {
            projection: P::NAME,
            stored: stored.version,
            ours: P::VERSION,
        });
    }
    if stored.version < P::VERSION {
        let stored = stored.version;
        return Ok(Some(Reason::OlderVersion { stored }));
    }
    if stored.topic_id != topic.id {
        return Ok(Some(Reason::OtherTopic));
    }
    if stored.epoch != epoch {
        return Ok(Some(Reason::OtherEpoch));
    }
    if !held.partitions.keys().eq(topic.ranges.keys()) {
        return Ok(Some(Reason::Partitions));
    }
    if refused == Some(held.build) {
        return Ok(Some(Reason::ConsumerRefused));
    }
    let mut both = held.partitions.iter().zip(topic.ranges.values());
    let outside = both.find(|((_, at), range)| at.next < range.low || at.next > range.end);
    Ok(
        outside.map(|((partition, at), _)| Reason::OffsetOutOfRange {
            partition: *partition,
            next: at.next,
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::Checkpoint, orders::Orders};
    use contracts::LogPosition;
    use infra::kafka::Watermarks;

    fn build(version: i32) -> Build {
        Build {
            version,
            build: 3,
            topic_id: "t".into(),
            epoch: 1,
        }
    }

    fn held(next: i64) -> Held {
        let at = LogPosition::START;
        Held {
            build: 3,
            partitions: [(0, Checkpoint { next, at })].into(),
        }
    }

    fn topic(id: &str) -> TopicState {
        TopicState {
            id: id.into(),
            ranges: [(0, Watermarks { low: 5, end: 9 })].into(),
        }
    }

    fn found(stored: &Build, held: &Held, topic: &TopicState) -> Option<Reason> {
        judged(Some(stored), held, topic, 1)
    }

    fn judged(
        stored: Option<&Build>,
        held: &Held,
        topic: &TopicState,
        epoch: i32,
    ) -> Option<Reason> {
        let found = Evidence {
            stored,
            held,
            topic,
            epoch,
        };
        reason::<Orders>(&found, None).expect("no newer version")
    }

    #[test]
    fn a_build_is_gone_on_with_while_topic_version_and_offsets_fit() {
        let current = build(Orders::VERSION);
        for next in [5, 7, 9] {
            assert_eq!(found(&current, &held(next), &topic("t")), None);
        }
    }

    #[test]
    fn anything_else_is_a_reason_to_rebuild() {
        let current = build(Orders::VERSION);
        let older = build(Orders::VERSION - 1);
        let outside = |next| Reason::OffsetOutOfRange { partition: 0, next };
        assert_eq!(
            judged(None, &held(7), &topic("t"), 1),
            Some(Reason::NeverBuilt)
        );
        assert_eq!(
            judged(Some(&current), &held(7), &topic("t"), 2),
            Some(Reason::OtherEpoch)
        );
        for (stored, held, topic, expected) in [
            (&current, held(4), topic("t"), outside(4)),
            (&current, held(10), topic("t"), outside(10)),
            (&current, held(7), topic("u"), Reason::OtherTopic),
            (&current, Held::default(), topic("t"), Reason::Partitions),
            (
                &older,
                held(7),
                topic("t"),
                Reason::OlderVersion {
                    stored: Orders::VERSION - 1,
                },
            ),
        ] {
            assert_eq!(found(stored, &held, &topic), Some(expected));
        }
    }

    #[test]
    fn a_refused_offset_is_a_reason_only_in_the_build_that_it_belongs_to() {
        let (current, held, topic) = (build(Orders::VERSION), held(7), topic("t"));
        let with = |refused| {
            let found = Evidence {
                stored: Some(&current),
                held: &held,
                topic: &topic,
                epoch: 1,
            };
            reason::<Orders>(&found, Some(refused)).expect("no newer version")
        };
        assert_eq!(with(3), Some(Reason::ConsumerRefused));
        assert_eq!(with(2), None);
    }

    #[test]
    fn newer_code_is_not_undone() {
        let newer = build(Orders::VERSION + 1);
        let found = Evidence {
            stored: Some(&newer),
            held: &held(7),
            topic: &topic("t"),
            epoch: 1,
        };
        assert!(reason::<Orders>(&found, None).is_err());
    }
}
