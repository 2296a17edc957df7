//! Whether the stored build can be gone on with, or has to be made anew
//! (`docs/ARCHITECTURE.md`, invariants 6 and 14).

use super::{
    environment::Engine,
    lock::RebuildLock,
    projection::Projection,
    rebuild::{self, Progress, RebuildError},
    store::{self, Build, Held},
    topic::TopicState,
};
use std::fmt;

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
}

/// Makes sure that there is a build that this code can go on with, making one
/// if need be. `refused` is the build whose offsets Kafka has refused.
pub(super) async fn prepare<P: Projection>(
    engine: &Engine<P>,
    refused: Option<i64>,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Prepared, RebuildError> {
    let mut lock = RebuildLock::acquire(&engine.config.views_url, P::NAME).await?;
    let stored = store::build(&mut lock.connection, P::NAME).await?;
    let held = store::held(&mut lock.connection, P::NAME).await?;
    let topic = TopicState::read(&engine.config, P::TOPIC.name).await?;
    let prepared = match reason::<P>(stored.as_ref(), &held, &topic, refused)? {
        Some(reason) => {
            let report = rebuild::run(engine, &mut lock, &reason, progress).await?;
            Prepared {
                build: report.build,
                topic_id: report.topic_id,
            }
        }
        None => Prepared {
            build: held.build,
            topic_id: topic.id,
        },
    };
    lock.release().await?;
    Ok(prepared)
}

/// Why the stored build cannot be gone on with, if it cannot.
fn reason<P: Projection>(
    stored: Option<&Build>,
    held: &Held,
    topic: &TopicState,
    refused: Option<i64>,
) -> Result<Option<Reason>, RebuildError> {
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
        reason::<Orders>(Some(stored), held, topic, None).expect("no newer version")
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
            reason::<Orders>(None, &held(7), &topic("t"), None).expect("no newer version"),
            Some(Reason::NeverBuilt)
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
            reason::<Orders>(Some(&current), &held, &topic, Some(refused))
                .expect("no newer version")
        };
        assert_eq!(with(3), Some(Reason::ConsumerRefused));
        assert_eq!(with(2), None);
    }

    #[test]
    fn newer_code_is_not_undone() {
        let newer = build(Orders::VERSION + 1);
        assert!(reason::<Orders>(Some(&newer), &held(7), &topic("t"), None).is_err());
    }
}
