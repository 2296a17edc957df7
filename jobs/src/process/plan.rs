//! What a batch of records comes to: the rows as they are to stand, and the
//! steps that follow.

use super::{
    order::OrderRow,
    record::{Record, Unreadable},
    rules::{Reaction, Situation, react},
    step::{Kind, Step},
};
use infra::{
    config::Config,
    platforms::{PlatformSettings, SavedSettings},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// An order that a batch changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Version of the stored row; none: there is no row.
    pub base: Option<i64>,
    /// The row as it is to stand.
    pub row: OrderRow,
}

/// Everything that one transaction writes.
#[derive(Debug, Default)]
pub struct Plan {
    stored: BTreeMap<Uuid, OrderRow>,
    /// Rows to be written.
    pub changes: BTreeMap<Uuid, Change>,
    /// Stored steps to be dropped, before the new ones are added.
    pub drops: BTreeSet<(Uuid, Kind)>,
    /// Steps to be added.
    pub steps: Vec<Step>,
    /// Events that are new, for whoever is told of them.
    pub heard: Vec<Heard>,
    /// Records that had their effect before.
    pub known: u64,
}

/// How orders are to be treated.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// What the deployment says.
    pub config: &'a Config,
    /// What platforms say that somebody has saved.
    pub saved: &'a SavedSettings,
}

impl Rules<'_> {
    fn of(&self, platform: &str) -> &PlatformSettings {
        let saved = self.saved.get(platform);
        saved.unwrap_or_else(|| self.config.platform(platform))
    }
}

/// An event that is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Its id.
    pub id: Uuid,
    /// Its order's sales channel.
    pub platform: String,
    /// Whether it came with an imported order, as its history.
    pub history: bool,
}

impl Plan {
    /// Begins with the stored rows of the batch's orders.
    pub fn over(stored: BTreeMap<Uuid, OrderRow>) -> Self {
        Self {
            stored,
            ..Self::default()
        }
    }

    /// Adds what follows from a record.
    pub fn add(&mut self, record: &Record, rules: Rules<'_>) -> Result<(), Unreadable> {
        let (id, stored) = (record.envelope.subject, &self.stored);
        let changed = self.changes.get(&id).map(|change| &change.row);
        let before = changed.or_else(|| stored.get(&id));
        let Some(row) = OrderRow::follow(before, &record.envelope, &record.event)? else {
            self.known += 1;
            return Ok(());
        };
        let reaction = react(&Situation {
            order: &row,
            envelope: &record.envelope,
            event: &record.event,
            settings: rules.of(&row.platform),
            process_imports: rules.config.process_imports,
        });
        self.heard.push(Heard {
            id: record.envelope.id,
            platform: row.platform.clone(),
            history: row.version <= row.history_until,
        });
        let base = stored.get(&id).map(|row| row.version);
        self.changes.insert(id, Change { base, row });
        self.apply(id, reaction);
        Ok(())
    }

    fn apply(&mut self, id: Uuid, reaction: Reaction) {
        for kind in reaction.drop {
            self.steps.retain(|s| s.order_id != id || s.kind != kind);
            self.drops.insert((id, kind));
        }
        self.steps.extend(reaction.schedule);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::rules::scene::{Scene, note};
    use contracts::order::{OrderCancelled, OrderStatus, Settlement};
    use std::sync::LazyLock;

    fn config() -> Config {
        let platforms = serde_json::from_value(serde_json::json!({
            "web": {"auto_confirm": true, "expire_unpaid_after_seconds": 60},
        }));
        Config {
            platforms: platforms.expect("valid"),
            ..Config::default()
        }
    }

    fn rules(config: &Config) -> Rules<'_> {
        static NONE: LazyLock<SavedSettings> = LazyLock::new(SavedSettings::new);
        Rules {
            config,
            saved: &NONE,
        }
    }

    fn record(scene: &Scene) -> Record {
        let (envelope, event) = scene.record();
        Record {
            partition: 0,
            offset: 0,
            envelope,
            event,
        }
    }

    fn kinds(plan: &Plan) -> Vec<Kind> {
        plan.steps.iter().map(|step| step.kind).collect()
    }

    #[test]
    fn only_the_last_timer_of_a_batch_is_written() {
        let (mut plan, config) = (Plan::default(), config());
        let mut scene = Scene::placed();
        plan.add(&record(&scene), rules(&config)).expect("sound");
        scene.then(note());
        plan.add(&record(&scene), rules(&config)).expect("sound");
        assert_eq!(kinds(&plan), [Kind::Confirm, Kind::Expire]);
        assert!(plan.steps[1].key.contains(&scene.event_id().to_string()));
        let change = &plan.changes[&scene.row.id];
        assert_eq!((change.base, change.row.version), (None, 2));
    }

    #[test]
    fn what_a_platform_says_that_was_saved_comes_before_the_configuration() {
        let (mut plan, config) = (Plan::default(), config());
        let saved = SavedSettings::from([("web".to_owned(), PlatformSettings::default())]);
        let rules = Rules {
            config: &config,
            saved: &saved,
        };
        plan.add(&record(&Scene::placed()), rules).expect("sound");
        assert_eq!(kinds(&plan), []);
    }

    #[test]
    fn what_is_cancelled_within_a_batch_is_not_begun() {
        let (mut plan, config) = (Plan::default(), config());
        let mut scene = Scene::placed();
        plan.add(&record(&scene), rules(&config)).expect("sound");
        scene.after.status = OrderStatus::Cancelled;
        scene.then(OrderCancelled {
            settlement: Settlement::default(),
            occurred_at: None,
            personal: None,
        });
        plan.add(&record(&scene), rules(&config)).expect("sound");
        assert_eq!(kinds(&plan), []);
        assert!(plan.drops.contains(&(scene.row.id, Kind::Confirm)));
    }

    #[test]
    fn a_record_that_is_stored_changes_nothing() {
        let scene = Scene::placed();
        let mut plan = Plan::over(BTreeMap::from([(scene.row.id, scene.row.clone())]));
        plan.add(&record(&scene), rules(&config())).expect("sound");
        assert_eq!(plan.known, 1);
        assert!(plan.changes.is_empty() && plan.steps.is_empty() && plan.drops.is_empty());
    }
}
