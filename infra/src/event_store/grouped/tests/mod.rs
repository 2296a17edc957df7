//! Group commit on a log that fails at every possible point: before it has
//! stored anything, after it has stored all, and later than it said.

mod fragile;

use super::{GroupCommit, writer::Patience};
use crate::{
    event_store::{AppendError, NewEvent, Stamp},
    log::Metadata,
};
use fragile::{BAD, BAD_CODE, Fate, Fragile};
use futures_util::future::join_all;
use proptest::prelude::*;
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// A command: on which stream, at which version, with how many events, and
/// whether the database takes them.
#[derive(Debug, Clone, Copy)]
struct Wish {
    stream: u8,
    after: i64,
    events: i64,
    bad: bool,
}

impl Wish {
    const fn of(stream: u8, after: i64, events: i64, bad: bool) -> Self {
        Self {
            stream,
            after,
            events,
            bad,
        }
    }

    fn stream_id(self) -> String {
        format!("s{}", self.stream)
    }
}

fn events(command: Uuid, wish: Wish) -> Vec<NewEvent> {
    (1..=wish.events)
        .map(|number| NewEvent {
            sequence: wish.after + number,
            event_type: "Happened".into(),
            event_version: "1".into(),
            payload: if wish.bad { BAD } else { "{}" }.into(),
            metadata: Metadata {
                command_id: (number == 1).then_some(command),
                ..Metadata::default()
            },
        })
        .collect()
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Works),
        1 => Just(Fate::LostBefore),
        1 => Just(Fate::LostAfter),
        1 => Just(Fate::LostAndLate),
        1 => Just(Fate::NoConnection),
        1 => Just(Fate::Repeat),
        1 => Just(Fate::Locked),
        1 => Just(Fate::Full),
        1 => Just(Fate::Broken),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    let wish = (0..12_u8, 0..2_i64, 1..4_i64, prop::bool::weighted(0.05));
    wish.prop_map(|(stream, after, events, bad)| Wish::of(stream, after, events, bad))
}

fn patience() -> Patience {
    Patience {
        total: Duration::from_millis(20),
        first_pause: Duration::from_micros(10),
        longest_pause: Duration::from_micros(50),
    }
}

async fn carry_out(fates: Vec<Fate>, wishes: &[Wish]) -> Result<(), TestCaseError> {
    let log = Arc::new(Fragile::with(fates));
    let group = GroupCommit::on(&log, patience());
    let ids: Vec<Uuid> = (1..).take(wishes.len()).map(Uuid::from_u128).collect();
    let appends = wishes.iter().zip(&ids).map(|(wish, id)| {
        let group = group.clone();
        let (stream, events) = (wish.stream_id(), events(*id, *wish));
        let follows = (wish.after > 0).then_some(1);
        async move { group.append("order", &stream, follows, &events).await }
    });
    let answers = join_all(appends).await;
    let inner = log.at_rest();
    for ((wish, id), answer) in wishes.iter().zip(&ids).zip(&answers) {
        let own = inner.rows.iter().filter(|(_, (command, _))| command == id);
        let stored: Vec<Stamp> = own.map(|(_, (_, stamp))| *stamp).collect();
        let whole = i64::try_from(stored.len()).expect("few") == wish.events;
        prop_assert!(stored.is_empty() || whole, "half of {wish:?} is stored");
        match answer {
            Ok(stamps) => prop_assert_eq!(stamps, &stored, "{:?}", wish),
            Err(AppendError::Unknown(_)) => {}
            Err(error) => prop_assert!(stored.is_empty(), "{error} though it is stored"),
        }
        match answer {
            Err(AppendError::Refused(cause)) if cause.sql_state().as_deref() == Some(BAD_CODE) => {
                prop_assert!(wish.bad, "refused for another one's fault");
            }
            // Whether what it follows was there is not known any more.
            Err(AppendError::Conflict) if wish.after == 0 => {
                let mut rows = inner.rows.keys();
                let taken = rows.any(|(stream, sequence)| {
                    *stream == wish.stream_id() && *sequence <= wish.events
                });
                prop_assert!(taken, "{wish:?} is in nobody's way");
            }
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// All of a command's events or none; an answer is the truth; nobody
    /// suffers for another one's command.
    #[test]
    fn whatever_fails_an_answer_is_the_truth(
        fates in prop::collection::vec(fate(), 0..24),
        wishes in prop::collection::vec(wish(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(carry_out(fates, &wishes))?;
    }
}

/// One that races another one, a bad one, one that follows what is not there,
/// and two that are fine; and the first one alone.
const KINDS: [Wish; 6] = [
    Wish::of(0, 0, 2, false),
    Wish::of(0, 0, 1, false),
    Wish::of(1, 0, 1, true),
    Wish::of(2, 1, 1, false),
    Wish::of(3, 0, 3, false),
    Wish::of(4, 0, 1, false),
];

/// Every way to fail at each of the first three calls of the log.
#[tokio::test]
async fn each_of_the_first_calls_fails_in_every_way() {
    for first in Fate::ALL {
        for second in Fate::ALL {
            for third in Fate::ALL {
                for wishes in [&KINDS[..], &KINDS[..1]] {
                    let told = carry_out(vec![third, second, first], wishes).await;
                    told.unwrap_or_else(|e| panic!("{first:?}, {second:?}, {third:?}: {e}"));
                }
            }
        }
    }
}

/// A log that works lets everything in that has a place.
#[tokio::test]
async fn without_failures_the_first_of_each_stream_is_stored() {
    let wishes: Vec<Wish> = (0..200)
        .map(|stream| Wish::of(stream, 0, 2, false))
        .collect();
    carry_out(Vec::new(), &wishes).await.expect("the truth");
    let log = Arc::new(Fragile::default());
    let group = GroupCommit::on(&log, patience());
    let appends = (1..).zip(&wishes).map(|(id, wish)| {
        let (group, events) = (group.clone(), events(Uuid::from_u128(id), *wish));
        async move {
            group
                .append("order", &wish.stream.to_string(), None, &events)
                .await
        }
    });
    assert!(join_all(appends).await.iter().all(Result::is_ok));
    assert_eq!(log.at_rest().rows.len(), 400);
}
