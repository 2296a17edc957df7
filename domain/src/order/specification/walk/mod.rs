//! Walks: random sequences of possible and impossible commands. After each
//! one the order, what is derived from it and the published document are held
//! against a model that knows only the specification and the commands.

mod accepted;
mod accepted_movements;
mod arithmetic;
mod axes;
mod charges;
mod checks;
mod choices;
mod dice;
mod importing;
mod model;
mod orders;
mod verdict;
mod verdict_of_edits;
mod verdict_of_goods;
mod verdict_of_money;

use crate::order::{
    Order, OrderCommand, OrderEvent, Rejection, after, command::ImportOrder, contract_data,
    contract_stream, decide, evolve, specification::commands::ORDER,
};
use choices::{KINDS, Place};
use contracts::{CloudEvent, LogPosition, PositionToken, order as published, topics};
use dice::Dice;
use model::{Model, Phase, Verdict};
use proptest::{
    prelude::*,
    test_runner::{Config, TestError, TestRunner},
};
use std::{cell::RefCell, collections::BTreeMap, fmt::Write};
use time::{Duration, OffsetDateTime};

/// Steps of a run, unless `ORDERLOG_PROPERTY_STEPS` says otherwise.
const STEPS: u32 = 400_000;
/// Steps of one walk: enough for every kind of command to become possible.
const LENGTH: u32 = 80;

/// An order on its way, and everything that is said of it.
#[derive(Default)]
struct Walk {
    model: Model,
    order: Order,
    document: Option<published::Order>,
    stored: Vec<String>,
    /// Name of each event, its type and data as published.
    published: Vec<(&'static str, (&'static str, Vec<u8>))>,
    imported: Option<ImportOrder>,
}

/// How often each kind was stored, changed nothing, was refused.
type Counts = BTreeMap<&'static str, [u32; 3]>;

impl Walk {
    /// Some command, more often than not one that the model takes.
    fn next(&self, seed: u64) -> (&'static str, OrderCommand) {
        let mut dice = Dice::new(seed);
        if self.model.phase == Phase::Absent && !dice.rarely(10) {
            return orders::begin(&mut dice);
        }
        for _ in 0..6 {
            let (name, command) = self.any(&mut dice);
            if self.model.verdict(&command) == Verdict::Stored || dice.rarely(6) {
                return (name, command);
            }
        }
        self.any(&mut dice)
    }

    fn any(&self, dice: &mut Dice) -> (&'static str, OrderCommand) {
        let place = Place {
            model: &self.model,
            imported: self.imported.as_ref(),
        };
        let whole: i64 = KINDS.iter().map(|(_, weight, _)| weight).sum();
        let mut at = dice.roll(whole);
        for (name, weight, choose) in KINDS {
            if at < *weight {
                return (name, choose(dice, &place));
            }
            at -= weight;
        }
        unreachable!("the weights add up")
    }

    fn step(&mut self, command: OrderCommand) {
        let expected = self.model.verdict(&command);
        let outcome = decide(&self.order, command.clone());
        let verdict = verdict_of(&outcome);
        assert_eq!(verdict, expected, "{command:?} led to {outcome:?}");
        let events = outcome.unwrap_or_default();
        if verdict == Verdict::Stored {
            self.model.take(&command);
        }
        if let (OrderCommand::Import(import), Verdict::Stored) = (command, verdict) {
            self.imported = Some(*import);
        }
        for event in events {
            self.store(event);
        }
        if self.model.phase != Phase::Absent {
            let after = after(&self.order, self.version()).expect("sums fit");
            self.model
                .agrees(&self.order, &after, self.document.as_ref());
        }
    }

    fn version(&self) -> i64 {
        i64::try_from(self.stored.len()).expect("a short walk")
    }

    /// To the log, to the topic, to the document, each read back.
    fn store(&mut self, event: OrderEvent) {
        let payload = serde_json::to_string(&event).expect("JSON");
        let read: OrderEvent = serde_json::from_str(&payload).expect("readable");
        assert_eq!(read, event, "what is stored reads back");
        self.stored.push(payload);
        self.order = evolve(std::mem::take(&mut self.order), &event);
        let after = after(&self.order, self.version()).expect("sums fit");
        let name = event.name();
        let moved = contract_data(
            (
                name,
                OrderEvent::version_of(name),
                self.stored.last().expect("one"),
            ),
            &serde_json::to_string(&after).expect("JSON"),
        );
        let fact = event.into();
        let told = published::OrderEvent { fact, after };
        let data = told.to_data().expect("JSON");
        assert_eq!(
            moved.expect("publishable"),
            (told.event_type(), data.clone()),
            "moved and written anew are the same"
        );
        self.published
            .push((name, (told.event_type(), data.clone())));
        let read = published::OrderEvent::from_data(told.event_type(), &data);
        assert_eq!(
            read.expect("readable"),
            told,
            "what is published reads back"
        );
        let envelope = envelope(&told, self.version());
        let document = published::apply(self.document.take(), &envelope, told);
        self.document = Some(document.expect("the event follows the document"));
    }

    /// The log alone leads to the same order, and to what was published; a stored
    /// state reads back.
    fn ends(&self) {
        let stored = self.stored.iter();
        let events = stored.map(|p| serde_json::from_str(p).expect("readable"));
        let again = events.fold(Order::default(), |order, event: OrderEvent| {
            evolve(order, &event)
        });
        assert_eq!(again, self.order, "folding twice gives the same order");
        let names = self.published.iter().map(|(name, _)| *name);
        let stream = names.zip(&self.stored);
        let stream = stream.map(|(name, p)| (name, OrderEvent::version_of(name), p.as_str()));
        let told = contract_stream(stream).expect("publishable");
        let published = self.published.iter().map(|(_, data)| data.clone());
        assert_eq!(
            told,
            published.collect::<Vec<_>>(),
            "what is published anew is the same"
        );
        let state = serde_json::to_string(&self.order).expect("JSON");
        let read: Order = serde_json::from_str(&state).expect("readable");
        assert_eq!(read, self.order, "a stored state reads back");
    }
}

const fn verdict_of(outcome: &Result<Vec<OrderEvent>, Rejection>) -> Verdict {
    match outcome {
        Ok(events) if events.is_empty() => Verdict::Unchanged,
        Ok(_) => Verdict::Stored,
        Err(_) => Verdict::Refused,
    }
}

pub(super) fn envelope(event: &published::OrderEvent, sequence: i64) -> CloudEvent {
    let at = LogPosition {
        epoch: 1,
        xid: 1,
        position: sequence,
    };
    CloudEvent {
        id: contracts::cloudevents::event_id(1, ORDER, sequence),
        event_type: event.event_type().into(),
        time: OffsetDateTime::UNIX_EPOCH + Duration::seconds(sequence),
        subject: ORDER,
        sequence,
        actor: "key_1".into(),
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        platform_version: None,
        position: PositionToken {
            topic: topics::ORDER_EVENTS.into(),
            partition: 0,
            at,
        },
    }
}

fn steps() -> u32 {
    let asked = std::env::var("ORDERLOG_PROPERTY_STEPS").ok();
    asked.map_or(STEPS, |steps| steps.parse().expect("a number of steps"))
}

#[test]
fn every_walk_agrees_with_the_specification() {
    let counts = RefCell::new(Counts::new());
    let length = LENGTH as usize;
    let seeds = prop::collection::vec(any::<u64>(), 1..=length);
    let mut runner = TestRunner::new(Config {
        cases: steps().div_ceil(LENGTH / 2),
        failure_persistence: None,
        ..Config::default()
    });
    let walked = runner.run(&seeds, |seeds| {
        walk(&seeds, |name, _, verdict| {
            counts.borrow_mut().entry(name).or_default()[verdict as usize] += 1;
        });
        Ok(())
    });
    if let Err(TestError::Fail(_, shortest)) = walked {
        println!("the shortest walk that goes wrong:");
        walk(&shortest, |_, command, verdict| {
            println!("{verdict:?}: {command:?}");
        });
    }
    tell(&counts.into_inner());
}

fn walk(seeds: &[u64], told: impl Fn(&'static str, &OrderCommand, Verdict)) {
    let mut walk = Walk::default();
    for seed in seeds {
        let (name, command) = walk.next(*seed);
        told(name, &command, walk.model.verdict(&command));
        walk.step(command);
    }
    walk.ends();
}

/// Prints the counts; every kind was stored and was refused often enough.
fn tell(counts: &Counts) {
    let all: u32 = counts.values().flatten().sum();
    let mut table = format!(
        "{all} steps\n{:20}  stored  unchanged  refused\n",
        "command"
    );
    for (name, [stored, unchanged, refused]) in counts {
        let _ = writeln!(table, "{name:20} {stored:>7} {unchanged:>10} {refused:>8}");
    }
    println!("{table}");
    if steps() < STEPS {
        return;
    }
    assert_eq!(counts.len(), KINDS.len(), "every kind was tried");
    for (name, [stored, _, refused]) in counts {
        let tried = f64::from(*stored + *refused);
        assert!(
            f64::from(*stored) > tried * 0.02,
            "{name} was hardly ever stored"
        );
        assert!(*refused > 0, "{name} was never refused");
    }
}
