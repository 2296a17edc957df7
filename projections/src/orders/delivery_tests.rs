//! However events are delivered, the rows are a plain fold of the log, and
//! the sums are those of the rows.

use super::{
    Orders,
    fold::{self, OrderChanges, OrderRow},
    histories::{OrderHistory, histories},
    milestones::Milestones,
    movements::{Movement, MovementId},
    parts::{Part, changed_by},
    shared::{Contribution, Differences, SharedChanges, statistics},
};
use crate::engine::{Event, Fold, Step};
use contracts::order::{self, Order, OrderEvent, TimelineEntry};
use proptest::{collection::vec, prelude::*, sample::Index};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// The tables, as far as they matter here.
#[derive(Debug, Default, PartialEq)]
struct Tables {
    orders: BTreeMap<Uuid, (Order, i32, Milestones)>,
    timeline: BTreeMap<(Uuid, i64), String>,
    movements: BTreeMap<MovementId, Movement>,
    shared: SharedChanges,
}

impl Tables {
    /// One batch in one transaction, as the applier does it.
    fn apply(&mut self, batch: &[Event<OrderEvent>], log: &BTreeMap<Uuid, OrderHistory>) {
        let mut fold = Fold::<Orders>::over(self.load(batch));
        for event in batch {
            if fold.step(event).expect("sound events") == Step::Gap {
                let id = event.envelope.subject;
                fold.refold(id, &log[&id]).expect("a sound log");
            }
        }
        let folded = fold.finish();
        for (id, row) in folded.rows {
            let stored = (row.order, row.partition, row.milestones);
            self.orders.insert(id, stored);
        }
        let changes = folded.changes;
        self.timeline.extend(changes.timeline);
        self.forget(&changes.movements.void);
        self.movements.extend(changes.movements.made);
        self.shared.absorb(changes.shared);
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

    /// Through JSON, as documents are stored.
    fn load(&self, batch: &[Event<OrderEvent>]) -> HashMap<Uuid, OrderRow> {
        let stored = batch.iter().filter_map(|event| {
            let id = event.envelope.subject;
            let (order, partition, milestones) = self.orders.get(&id)?;
            let document = serde_json::to_string(order).expect("documents have a JSON form");
            let row = OrderRow {
                order: serde_json::from_str(&document).expect("and read back"),
                partition: *partition,
                milestones: *milestones,
                changed: BTreeSet::new(),
            };
            Some((id, row))
        });
        stored.collect()
    }

    /// What all of it has to come to: each history on its own, at once; and
    /// the sums by what each order is in the end.
    fn expected(log: &BTreeMap<Uuid, OrderHistory>) -> Self {
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

/// A topic: every order's events in order, the orders interleaved by chance.
fn interleaved(log: &BTreeMap<Uuid, OrderHistory>, choices: &[Index]) -> OrderHistory {
    let mut rest: Vec<_> = log.values().map(|history| history.iter()).collect();
    let mut choices = choices.iter().cycle();
    let mut topic = Vec::new();
    while !rest.is_empty() {
        let choice = choices.next().map_or(0, |index| index.index(rest.len()));
        match rest[choice].next() {
            Some(event) => topic.push(event.clone()),
            None => drop(rest.swap_remove(choice)),
        }
    }
    topic
}

proptest! {
    /// Batches are cut anywhere, any of them begins again at any older
    /// offset, and the first one begins anywhere: earlier events are missing
    /// until everything is delivered once more.
    #[test]
    fn any_delivery_comes_to_a_plain_fold(
        histories in histories(),
        choices in vec(any::<Index>(), 1..40),
        start in any::<Index>(),
        batches in vec((0_usize..12, 1_usize..8), 1..40),
    ) {
        let log: BTreeMap<Uuid, OrderHistory> =
            histories.into_iter().map(|h| (h[0].envelope.subject, h)).collect();
        let topic = interleaved(&log, &choices);
        let mut tables = Tables::default();
        for begin in [start.index(topic.len()), 0] {
            let (mut next, mut batches) = (begin, batches.iter().cycle());
            while next < topic.len() {
                let (back, length) = *batches.next().expect("cycles");
                let from = next.saturating_sub(back);
                let to = (from + length).min(topic.len());
                tables.apply(&topic[from..to], &log);
                // Offsets go on from what was delivered, and always somewhere.
                next = to.max(next + 1);
                tables.apply(&topic[to.min(next)..next.min(topic.len())], &log);
            }
        }
        let expected = Tables::expected(&log);
        prop_assert_eq!(&tables.orders, &expected.orders);
        prop_assert_eq!(&tables.movements, &expected.movements);
        prop_assert_eq!(&tables.shared, &expected.shared);
        let versions: Vec<_> = tables.timeline.keys().copied().collect();
        let mut all: Vec<_> =
            topic.iter().map(|e| (e.envelope.subject, e.envelope.sequence)).collect();
        all.sort_unstable();
        prop_assert_eq!(versions, all);
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
                tables.apply(history, &log);
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
