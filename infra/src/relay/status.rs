//! What a relay tells about itself: a watch for readiness, and metrics.

use contracts::LogPosition;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;
use tokio::sync::watch;

/// What a relay is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayState {
    /// Nothing is known yet.
    Starting,
    /// Another relay leads; this one takes over when that one goes.
    Standby,
    /// Publishing.
    Leading,
    /// Waiting for Kafka. Appends go on; the lag grows.
    KafkaUnreachable,
    /// Waiting for the events database.
    LogUnreachable,
    /// It has ended, as it was told to or with an error.
    Stopped,
}

/// A relay's state at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayStatus {
    /// What it is doing.
    pub state: RelayState,
    /// The last event that was published, where this relay leads or led last.
    pub position: Option<LogPosition>,
    /// How many events this relay has published since it started.
    pub published: u64,
}

impl RelayStatus {
    /// Whether the relay does its part: it leads, or would at once.
    pub const fn is_ready(&self) -> bool {
        matches!(self.state, RelayState::Leading | RelayState::Standby)
    }
}

pub(super) const HORIZON_AGE: &str = "orderlog_log_horizon_age_seconds";
const PUBLISHED: &str = "orderlog_relay_published_total";
const PUBLISH_SECONDS: &str = "orderlog_relay_publish_seconds";
const LEADER: &str = "orderlog_relay_leader";
const LAG_EVENTS: &str = "orderlog_relay_lag_events";
const LAG_SECONDS: &str = "orderlog_relay_lag_seconds";
const PLATFORM_BEHIND: &str = "orderlog_relay_platform_topic_behind";

pub(super) fn describe_metrics() {
    describe_counter!(PUBLISHED, "Events published to Kafka by this process");
    describe_histogram!(PUBLISH_SECONDS, "Time of one Kafka transaction");
    describe_gauge!(LEADER, "1 while this process is the relay that leads");
    describe_gauge!(LAG_EVENTS, "Events stored but not published (an estimate)");
    describe_gauge!(LAG_SECONDS, "Age of the oldest event that is not published");
    describe_gauge!(
        HORIZON_AGE,
        "How long the oldest transaction has kept readers of the log from going on"
    );
    describe_gauge!(
        PLATFORM_BEHIND,
        "1 while the topic of a platform lacks something of what was published before"
    );
    gauge!(LEADER).set(0);
}

/// Exports whether a platform's topic lacks something.
pub(super) fn platform_topic_behind(platform: &str, is_behind: bool) {
    gauge!(PLATFORM_BEHIND, "platform" => platform.to_owned()).set(u8::from(is_behind));
}

/// Exports how far behind Kafka is, as far as this relay knows.
pub(super) fn export_lag(events: f64, seconds: f64) {
    gauge!(LAG_EVENTS).set(events);
    gauge!(LAG_SECONDS).set(seconds);
}

/// The relay's side of the watch.
#[derive(Debug, Clone)]
pub(super) struct StatusSender(watch::Sender<RelayStatus>);

impl StatusSender {
    pub fn new() -> (Self, watch::Receiver<RelayStatus>) {
        let (sender, receiver) = watch::channel(RelayStatus {
            state: RelayState::Starting,
            position: None,
            published: 0,
        });
        (Self(sender), receiver)
    }

    pub fn enter(&self, state: RelayState) {
        let changed = self.0.send_if_modified(|status| {
            let changed = status.state != state;
            status.state = state;
            changed
        });
        if changed {
            tracing::info!(?state, "relay.state");
            gauge!(LEADER).set(u8::from(state == RelayState::Leading));
        }
    }

    /// Leading begins, after the events up to `position`.
    pub fn lead_from(&self, position: LogPosition) {
        self.0
            .send_modify(|status| status.position = Some(position));
        self.enter(RelayState::Leading);
    }

    pub fn published(&self, events: usize, position: LogPosition, took: Duration) {
        self.0.send_modify(|status| {
            status.position = Some(position);
            status.published += events as u64;
        });
        counter!(PUBLISHED).increment(events as u64);
        histogram!(PUBLISH_SECONDS).record(took);
    }

    pub fn now(&self) -> RelayStatus {
        *self.0.borrow()
    }
}
