//! However events are delivered, the rows are a plain fold of the log, and
//! the sums are those of the rows.

use super::{
    Named, Orders,
    fold::{self, OrderChanges, OrderRow},
    milestones::Milestones,
    movements::{Movement, MovementId},
    parts::{Part, changed_by},
    random::{OrderHistory, histories, read},
    searched::searched,
    shared::{Contribution, Differences, SharedChanges, statistics},
};
use crate::engine::{Event, Fold, Folded, Step};
use contracts::order::{self, Order, OrderEvent, TimelineEntry};
use histories::{Batch, interleaved};
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestRunner},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// The log: every order's history.
type Log = BTreeMap<Uuid, OrderHistory>;

/// The tables, as far as they matter here.
#[derive(Debug, Default, PartialEq)]
struct Tables {
    orders: BTreeMap<Uuid, (Order, i32, Milestones)>,
    timeline: BTreeMap<(Uuid, i64), String>,
    movements: BTreeMap<MovementId, Movement>,
    shared: SharedChanges,
    /// Orders that are parked.
    parked: BTreeSet<Uuid>,
    /// Offset to go on from.
    next: usize,
}

/// A batch that is applied and not stored yet: a transaction before its commit.
struct Transaction {
    folded: Folded<Orders>,
    from: usize,
    to: usize,
}

impl Tables {
    /// One batch in one transaction, as the applier does it.
    fn apply(
        &mut self,
        batch: &[Event<OrderEvent>],
        log: &Log,
        guarded: bool,
    ) -> Result<(), TestCaseError> {
        let folded = self.fold(batch, log, guarded)?;
        self.write(folded);
        Ok(())
    }

    fn fold(
        &self,
        batch: &[Event<OrderEvent>],
        log: &Log,
        guarded: bool,
    ) -> Result<Folded<Orders>, TestCaseError> {
        let ids = batch.iter().map(|event| event.envelope.subject);
        let mut fold = Fold::<Orders>::over(self.load(ids)).guarded(guarded);
        for event in batch {
            let id = event.envelope.subject;
            if self.parked.contains(&id) {
                continue;
            }
            let step = fold.step(event);
            if step.map_err(|e| TestCaseError::fail(e.to_string()))? == Step::Gap {
                fold.refold(id, &log[&id]).expect("a sound log");
            }
        }
        Ok(fold.finish())
    }

    /// A parked order is driven again: folded anew from the log.
    fn redrive(&mut self, id: Uuid, log: &Log) {
        let mut fold = Fold::<Orders>::over(self.load([id].into_iter()));
        fold.refold(id, &log[&id]).expect("a sound log");
        self.write(fold.finish());
        self.parked.remove(&id);
    }

    /// Through JSON, as documents are stored.
    fn load(&self, ids: impl Iterator<Item = Uuid>) -> HashMap<Uuid, OrderRow> {
        let stored = ids.filter_map(|id| {
            let (order, partition, milestones) = self.orders.get(&id)?;
            let document = serde_json::to_string(order).expect("documents have a JSON form");
            let row = OrderRow {
                order: serde_json::from_str(&document).expect("and read back"),
                partition: *partition,
                milestones: *milestones,
                changed: BTreeSet::new(),
                named: Named::default(),
            };
            Some((id, row))
        });
        stored.collect()
    }

    fn write(&mut self, folded: Folded<Orders>) {
        let OrderChanges {
            timeline,
            movements,
            shared,
        } = folded.changes;
        for (id, row) in folded.rows {
            let stored = (row.order, row.partition, row.milestones);
            self.orders.insert(id, stored);
        }
        self.timeline
            .retain(|(id, _), _| !movements.void.contains(id));
        self.timeline.extend(timeline);
        self.forget(&movements.void);
        self.movements.extend(movements.made);
        self.shared.absorb(shared);
    }

    /// As `store::movements` does it: out of the ledger, and out of the sums.
    fn forget(&mut self, void: &BTreeSet<Uuid>) {
        let gone = self
            .movements
            .extract_if(.., |(order, _, _), _| void.contains(order));
        for (_, gone) in gone {
            let less = (gone.key, -gone.sums);
            self.shared.statistics.add(gone.partition, [less]);
        }
    }

    /// What a projector that stands at offset `from` does with `batch` before
    /// it commits.
    fn begin(
        &self,
        from: usize,
        batch: &[Event<OrderEvent>],
        log: &Log,
    ) -> Result<Transaction, TestCaseError> {
        Ok(Transaction {
            folded: self.fold(batch, log, true)?,
            from,
            to: from + batch.len(),
        })
    }

    /// The commit; refused where somebody else has moved the offset since, as
    /// far as it is `compared`.
    fn commit(&mut self, transaction: Transaction, compared: bool) {
        if compared && self.next != transaction.from {
            return;
        }
        self.next = transaction.to;
        self.write(transaction.folded);
    }

    /// That they are what all of it has to come to.
    fn check(&self, log: &Log) -> Result<(), TestCaseError> {
        let expected = Self::expected(log);
        prop_assert_eq!(&self.orders, &expected.orders);
        prop_assert_eq!(&self.movements, &expected.movements);
        prop_assert_eq!(&self.shared, &expected.shared);
        let versions: Vec<_> = self.timeline.keys().copied().collect();
        let events = log.values().flatten();
        let all: BTreeSet<_> = events
            .map(|e| (e.envelope.subject, e.envelope.sequence))
            .collect();
        prop_assert_eq!(versions, all.into_iter().collect::<Vec<_>>());
        Ok(())
    }

    /// What all of it has to come to: each history on its own, at once; and
    /// the sums by what each order is in the end.
    fn expected(log: &Log) -> Self {
        let mut tables = Self::default();
        for (id, history) in log {
            let (mut folded, mut changes) = (None, OrderChanges::default());
            for event in history {
                let next = fold::apply(folded, event, &mut changes);
                folded = Some(next.expect("a sound history"));
            }
            let row = folded.expect("no history is empty");
            let (partition, is) = (row.partition, Contribution::of(&row));
            let shared = &mut tables.shared;
            shared.replace(partition, Contribution::default(), is);
            for movement in changes.movements.made.values() {
                let moved = (movement.key.clone(), movement.sums);
                shared.statistics.add(partition, [moved]);
            }
            tables.movements.extend(changes.movements.made);
            let stored = (row.order, partition, row.milestones);
            tables.orders.insert(*id, stored);
        }
        tables
    }
}

fn logged(histories: Vec<OrderHistory>) -> Log {
    let by_order = histories.into_iter().map(|h| (h[0].envelope.subject, h));
    by_order.collect()
}

/// A delivery, its histories as the engine reads them.
type Delivery = (Vec<OrderHistory>, Vec<Index>, Index, Vec<Batch>);

fn deliveries() -> impl Strategy<Value = Delivery> {
    histories::deliveries(1, 8).prop_map(|delivery| {
        let histories = delivery.histories.into_iter().map(read).collect();
        (
            histories,
            delivery.choices,
            delivery.start,
            delivery.batches,
        )
    })
}

/// Batches are cut anywhere, any of them begins again at any older offset, and
/// the first one begins anywhere: earlier events are missing until everything
/// is delivered once more. Orders are parked at any time, and driven again at
/// any time.
fn deliver(
    (histories, choices, start, batches): Delivery,
    guarded: bool,
) -> Result<(), TestCaseError> {
    let log = logged(histories);
    let topic = interleaved(log.values(), &choices);
    let mut tables = Tables::default();
    for begin in [start.index(topic.len()), 0] {
        let (mut next, mut batches) = (begin, batches.iter().cycle());
        while next < topic.len() {
            let Batch {
                back,
                length,
                what,
                which,
            } = batches.next().expect("cycles");
            let id = topic[which.index(topic.len())].envelope.subject;
            match what {
                0 => drop(tables.parked.insert(id)),
                1 if tables.parked.contains(&id) => tables.redrive(id, &log),
                // Also what is not parked may be asked for.
                2 if tables.orders.contains_key(&id) => tables.redrive(id, &log),
                _ => {}
            }
            let from = next.saturating_sub(*back);
            let to = (from + length).min(topic.len());
            tables.apply(&topic[from..to], &log, guarded)?;
            // Offsets go on from what was delivered, and always somewhere.
            next = to.max(next + 1);
            let rest = &topic[to.min(next)..next.min(topic.len())];
            tables.apply(rest, &log, guarded)?;
        }
    }
    for id in tables.parked.clone() {
        tables.redrive(id, &log);
    }
    tables.check(&log)
}

/// Two projectors, of which each believes that it owns the partition; one may
/// be frozen before its commit while the other goes on.
fn contend(
    (histories, choices, _, batches): Delivery,
    compared: bool,
) -> Result<(), TestCaseError> {
    let log = logged(histories);
    let topic = interleaved(log.values(), &choices);
    let mut tables = Tables::default();
    let mut frozen: Option<Transaction> = None;
    for Batch { length, what, .. } in batches {
        let from = tables.next;
        let to = (from + length).min(topic.len());
        let transaction = tables.begin(from, &topic[from..to], &log)?;
        match (what, frozen.take()) {
            (0..3, None) => frozen = Some(transaction),
            (_, zombie) => {
                tables.commit(transaction, compared);
                if let Some(zombie) = zombie {
                    tables.commit(zombie, compared);
                }
            }
        }
    }
    let from = tables.next;
    let rest = tables.begin(from, &topic[from..], &log)?;
    tables.commit(rest, compared);
    tables.check(&log)
}

/// Whether some delivery is found that does not pass, as `fails` says it.
fn is_noticed(fails: impl Fn(Delivery) -> Result<(), TestCaseError>) -> bool {
    let config = Config {
        failure_persistence: None,
        // That there is one is enough.
        max_shrink_iters: 0,
        ..Config::default()
    };
    TestRunner::new(config).run(&deliveries(), fails).is_err()
}

/// Without the version guard, what is delivered again is applied again: the
/// property does not hold, and that is found.
#[test]
fn a_missing_version_guard_is_noticed() {
    assert!(is_noticed(|delivery| deliver(delivery, false)));
}

/// Without the offset's compare-and-set, two projectors count twice: the
/// property does not hold, and that is found.
#[test]
fn a_missing_compare_and_set_is_noticed() {
    assert!(is_noticed(|delivery| contend(delivery, false)));
}

proptest! {
    /// However events are delivered, and whatever is parked meanwhile.
    #[test]
    fn any_delivery_comes_to_a_plain_fold(delivery in deliveries()) {
        deliver(delivery, true)?;
    }

    /// Whoever is overtaken has written nothing.
    #[test]
    fn zombies_count_nothing(delivery in deliveries()) {
        contend(delivery, true)?;
    }

    /// A part whose rows are not written again is as it was.
    #[test]
    fn parts_change_only_by_events_that_say_so(histories in histories()) {
        for history in histories {
            let mut before: Option<Order> = None;
            for Event { envelope, data, .. } in history {
                let parts = changed_by(&data.fact);
                let after = order::apply(before.clone(), &envelope, data).expect("sound");
                if let Some(before) = before {
                    let same = |part, same| parts.contains(&part) || same;
                    prop_assert!(same(Part::Lines, before.lines == after.lines));
                    prop_assert!(same(Part::Payments, before.payments == after.payments));
                    prop_assert!(same(Part::Refunds, before.refunds == after.refunds));
                    prop_assert!(same(
                        Part::Fulfillments,
                        before.fulfillments == after.fulfillments
                    ));
                    prop_assert!(same(Part::Returns, before.returns == after.returns));
                    let words = searched(&before) == searched(&after);
                    prop_assert!(same(Part::Search, words));
                    let whose = (&before.customer, before.placed_at);
                    let whose = whose == (&after.customer, after.placed_at);
                    prop_assert!(same(Part::Customer, whose));
                }
                before = Some(after);
            }
        }
    }

    /// What was never placed is in no sum, whatever becomes of it.
    #[test]
    fn only_placed_orders_are_counted(histories in histories()) {
        let mut counted = Differences::<statistics::Sums>::default();
        let mut placed = 0;
        for history in &histories {
            let log = BTreeMap::from([(history[0].envelope.subject, history.clone())]);
            let tables = Tables::expected(&log);
            let order = &tables.orders.values().next().expect("one order").0;
            placed += i64::from(order.placed_at.is_some());
            counted.absorb(tables.shared.statistics);
        }
        let count = |by_event: bool| -> i64 {
            let rows = counted.rows().filter(|(key, _, _)| key.by_event == by_event);
            rows.map(|(_, _, sums)| sums.orders).sum()
        };
        prop_assert_eq!((count(false), count(true)), (placed, placed));
    }

    /// What the events moved adds up to what the order counts for, group by
    /// group: by order date and by event date are the same in total.
    #[test]
    fn movements_add_up_to_the_order(histories in histories()) {
        for history in histories {
            let log = BTreeMap::from([(history[0].envelope.subject, history)]);
            let tables = Tables::expected(&log);
            let mut total = BTreeMap::<_, statistics::Sums>::new();
            for (key, _, sums) in tables.shared.statistics.rows() {
                let sums = if key.by_event { *sums } else { -*sums };
                let group = (key.platform.clone(), key.currency.clone(), key.country.clone(), key.kind);
                *total.entry(group).or_default() += sums;
            }
            prop_assert!(total.values().all(|sums| *sums == statistics::Sums::default()), "{total:?}");
        }
    }

    /// The lines alone decide what an order counts for among products.
    #[test]
    fn products_change_only_with_lines(histories in histories()) {
        for history in histories {
            let mut was: Option<OrderRow> = None;
            for event in history {
                let parts = changed_by(&event.data.fact);
                let row = fold::apply(was.clone(), &event, &mut OrderChanges::default());
                let row = row.expect("a sound history");
                if !parts.contains(&Part::Lines) {
                    let (mut changes, row) = (SharedChanges::default(), row.clone());
                    let before = was.as_ref().map(Contribution::of).unwrap_or_default();
                    changes.replace(row.partition, before, Contribution::of(&row));
                    prop_assert_eq!(changes.products.rows().count(), 0);
                }
                was = Some(row);
            }
        }
    }

    /// The history is stored as the read API tells it.
    #[test]
    fn history_entries_read_back(histories in histories()) {
        for history in histories {
            let log = BTreeMap::from([(history[0].envelope.subject, history)]);
            let mut tables = Tables::default();
            for (id, history) in &log {
                tables.apply(history, &log, true)?;
                for event in history {
                    let entry = &tables.timeline[&(*id, event.envelope.sequence)];
                    let entry: TimelineEntry = serde_json::from_str(entry).expect("an entry");
                    let data: serde_json::Value =
                        serde_json::from_slice(&event.raw).expect("JSON");
                    let reason = data["personal"]["reason"].as_str().map(str::to_owned);
                    prop_assert_eq!(&entry.reason, &reason);
                    prop_assert_eq!(entry.data, data);
                    prop_assert_eq!(entry.version, event.envelope.sequence);
                    prop_assert_eq!(&entry.event_type, &event.envelope.event_type);
                }
            }
        }
    }
}
