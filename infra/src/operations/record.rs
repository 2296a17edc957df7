//! An operation as people see it.

use super::import::ImportTerms;
use contracts::ids::subject_of_customer;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// Makes the names of an enum's variants, as they are stored and told.
macro_rules! named {
    ($type:ident: $($variant:ident $name:literal),+) => {
        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As it is stored and told.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// By its name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}
pub(super) use named;

/// What is done in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Commands, line by line, as `POST /v1/bulk` takes them.
    Bulk,
    /// Orders of a file in a format of its own.
    Import,
    /// Orders of a guest are linked to a customer.
    GuestOrders,
    /// Somebody's personal data is erased.
    Erasure,
}
named!(OperationKind: Bulk "bulk", Import "import", GuestOrders "guest_orders", Erasure "erasure");

/// About whom an operation is that finds its orders by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct About {
    /// Slug of the sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The channel's own id of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// Email of a guest, in lower case: never told, and forgotten once the orders
    /// are found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub email: Option<String>,
    /// One order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<Uuid>,
    /// The requester's own name for the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl About {
    /// The subject of the customer, where it is about one.
    pub fn customer(&self) -> Option<Uuid> {
        let (platform, customer) = self.platform.as_ref().zip(self.customer_id.as_ref())?;
        Some(subject_of_customer(platform, customer))
    }

    /// What people are told of it.
    #[must_use]
    pub fn told(self) -> Self {
        Self {
            email: None,
            ..self
        }
    }
}

/// What becomes of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// It waits for a worker.
    Pending,
    /// A worker has begun with it.
    Running,
    /// Each line has a result; which of them succeeded, `progress` says.
    Succeeded,
    /// It came to no end: `error` says why.
    Failed,
    /// Somebody cancelled it; the lines before have results.
    Cancelled,
}
named!(OperationState: Pending "pending", Running "running", Succeeded "succeeded",
    Failed "failed", Cancelled "cancelled");

impl OperationState {
    /// Whether nothing more becomes of it.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// Where an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationPhase {
    /// Nothing was looked at yet.
    Waiting,
    /// Lines are read and counted.
    Validating,
    /// Lines are carried out.
    Executing,
    /// Nothing more is done.
    Finished,
}
named!(OperationPhase: Waiting "waiting", Validating "validating", Executing "executing",
    Finished "finished");

/// What a line that cannot be read means for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnInvalid {
    /// Nothing: it has its problem as its result.
    #[default]
    Skip,
    /// No line is carried out.
    Reject,
}
named!(OnInvalid: Skip "skip", Reject "reject");

/// Why an operation came to no end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OperationError {
    /// Stable: `invalid_lines`, `invalid_file`, `gave_up`.
    pub code: String,
    /// The same for people.
    pub detail: String,
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OperationProgress {
    /// Lines that are not blank; null until they are counted.
    pub lines: Option<i64>,
    /// Of those that can be read; null until then.
    pub valid: Option<i64>,
    /// And that cannot.
    pub invalid: Option<i64>,
    /// Lines with a result.
    pub done: i64,
    /// Carried out, now or before.
    pub succeeded: i64,
    /// Of those, before.
    pub replayed: i64,
    /// Not carried out, those that cannot be read among them.
    pub failed: i64,
    /// Of the lines that are done, from 0 to 100.
    pub percent: Option<f64>,
    /// How fast it goes.
    pub lines_per_second: Option<f64>,
    /// How long the rest will take at that pace, about.
    pub seconds_left: Option<i64>,
}

/// Commands that are carried out in the background: those of a bulk request, those
/// that the orders of a file are, or those on somebody's orders.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Operation {
    /// Its id; later operations have greater ones.
    pub id: Uuid,
    /// What is done.
    pub kind: OperationKind,
    /// About whom; of bulk requests and imports null.
    pub about: Option<About>,
    /// How the file is read, of an import; of others null.
    pub import: Option<ImportTerms>,
    /// What becomes of it.
    pub state: OperationState,
    /// Where it is.
    pub phase: OperationPhase,
    /// Whether everything is decided and nothing stored.
    pub dry_run: bool,
    /// What a line that cannot be read means for the others.
    pub on_invalid: OnInvalid,
    /// Whether it was told to end.
    pub cancel_requested: bool,
    /// How far it is.
    pub progress: OperationProgress,
    /// Why it came to no end.
    pub error: Option<OperationError>,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When a worker began with it.
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    /// When it came to its end.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// Until when it is kept, with its results.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// Where its results are, once it is finished.
    pub results: Option<String>,
}

impl OperationProgress {
    /// Fills in what follows from the rest; `running` is whether more is to come.
    pub(super) fn derived(mut self, running: bool) -> Self {
        self.valid = self.lines.zip(self.invalid).map(|(all, bad)| all - bad);
        #[expect(clippy::cast_precision_loss, reason = "shown to people")]
        let share = |lines: i64| match lines {
            0 => 100.0,
            lines => (self.done as f64 * 1_000.0 / lines as f64).floor() / 10.0,
        };
        self.percent = self.lines.map(share);
        self.lines_per_second = self.lines_per_second.map(f64::round);
        let rate = self.lines_per_second.filter(|rate| running && *rate > 0.0);
        self.seconds_left = self.lines.zip(rate).map(|(lines, rate)| {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "about"
            )]
            let left = ((lines - self.done) as f64 / rate).ceil() as i64;
            left
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(lines: Option<i64>, done: i64) -> OperationProgress {
        OperationProgress {
            lines,
            valid: None,
            invalid: lines.map(|_| 3),
            done,
            succeeded: 0,
            replayed: 0,
            failed: 0,
            percent: None,
            lines_per_second: Some(49.6),
            seconds_left: None,
        }
    }

    #[test]
    fn how_far_it_is_follows_from_what_is_counted() {
        let half = progress(Some(1_000), 499).derived(true);
        assert_eq!((half.valid, half.percent), (Some(997), Some(49.9)));
        assert_eq!(half.seconds_left, Some(11));
        let done = progress(Some(0), 0).derived(false);
        assert_eq!((done.percent, done.seconds_left), (Some(100.0), None));
        let unknown = progress(None, 0).derived(true);
        assert_eq!((unknown.percent, unknown.seconds_left), (None, None));
    }

    #[test]
    fn names_read_back() {
        for state in OperationState::ALL {
            assert_eq!(OperationState::named(state.name()), Some(*state));
        }
        assert_eq!(
            OperationPhase::named("executing"),
            Some(OperationPhase::Executing)
        );
        assert_eq!(OnInvalid::named("other"), None);
    }
}
