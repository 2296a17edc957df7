//! Which orders nothing is to be done on any more. Pure.

use super::platforms::Stays;
use contracts::order::{
    FulfillmentState, FulfillmentStatus, Kind, MovementState, OrderStatus, PaymentState,
    ReturnStatus,
};
use serde::{Deserialize, de::IgnoredAny};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// What is asked of an order (`fields`).
pub const FIELDS: &str = "id,version,platform,kind,status,fulfillment_status,return_status,\
archived,totals.balance_due,payments.status,payments.captures,refunds.status,\
fulfillments.status,holds.id,updated_at";

/// An order, as far as it decides.
#[derive(Debug, Clone, Deserialize)]
pub struct Looked {
    /// Its id.
    pub id: Uuid,
    /// How many events made it what it is.
    pub version: i64,
    platform: String,
    kind: Kind,
    status: OrderStatus,
    fulfillment_status: FulfillmentStatus,
    return_status: ReturnStatus,
    archived: bool,
    totals: Balance,
    payments: Vec<Payment>,
    refunds: Vec<Stands<MovementState>>,
    fulfillments: Vec<Stands<FulfillmentState>>,
    holds: Vec<IgnoredAny>,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

#[derive(Debug, Clone, Deserialize)]
struct Balance {
    balance_due: i64,
}

#[derive(Debug, Clone, Deserialize)]
struct Payment {
    status: PaymentState,
    captures: Vec<Stands<MovementState>>,
}

/// Something of an order, by where it stands.
#[derive(Debug, Clone, Deserialize)]
struct Stands<S> {
    status: S,
}

/// What is still to be done on an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Nothing: it is out of the way already.
    Archived,
    /// It is to be placed, or given up.
    Draft,
    /// A hold is to be released.
    Held,
    /// Goods are to be put into a fulfilment.
    Unfulfilled,
    /// Goods are to leave.
    BeingPacked,
    /// A return is to be decided on, received or closed.
    Return,
    /// Somebody owes somebody something.
    Balance,
    /// An authorisation is to be captured or voided: it is the customer's money,
    /// though it counts for nothing in the balance.
    Authorised,
    /// A provider is moving money.
    Pending,
    /// It was changed lately.
    Busy,
}

impl Looked {
    /// What is to be done on it; none where it is over. `quiet_since` is when it was
    /// changed last at the latest; a channel that archives its orders by itself has
    /// said how long they stay, so none of them goes sooner.
    pub fn open(
        &self,
        (quiet_since, now): (OffsetDateTime, OffsetDateTime),
        stays: &Stays,
    ) -> Option<Open> {
        let own = stays.of(&self.platform);
        let own = own.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
        let stays = own.is_some_and(|seconds| {
            let goes = self.updated_at.checked_add(Duration::seconds(seconds));
            goes.is_none_or(|goes| goes > now)
        });
        if self.archived {
            return Some(Open::Archived);
        }
        if stays || self.updated_at >= quiet_since {
            return Some(Open::Busy);
        }
        if !self.holds.is_empty() {
            return Some(Open::Held);
        }
        match (self.kind, self.status) {
            (_, OrderStatus::Draft) => Some(Open::Draft),
            // Documents of somebody else: nothing can be done on them here.
            (Kind::Credit | Kind::Adjustment, _) => None,
            (Kind::Order, OrderStatus::Cancelled) => self.open_money(),
            (Kind::Order, OrderStatus::Placed) => self.open_goods().or_else(|| self.open_money()),
        }
    }

    fn open_goods(&self) -> Option<Open> {
        use FulfillmentStatus as Goods;
        if !matches!(self.fulfillment_status, Goods::Fulfilled | Goods::Delivered) {
            return Some(Open::Unfulfilled);
        }
        let packed = |f: &Stands<_>| f.status == FulfillmentState::Open;
        self.fulfillments
            .iter()
            .any(packed)
            .then_some(Open::BeingPacked)
    }

    /// A cancelled order may have returns from before, and money on its way.
    fn open_money(&self) -> Option<Open> {
        use ReturnStatus as Return;
        // The least advanced open one decides: one that is closed hides none.
        if !matches!(
            self.return_status,
            Return::None | Return::Declined | Return::Closed
        ) {
            return Some(Open::Return);
        }
        let pending = |movement: &Stands<_>| movement.status == MovementState::Pending;
        let captures = self.payments.iter().flat_map(|payment| &payment.captures);
        if captures.chain(&self.refunds).any(pending) {
            return Some(Open::Pending);
        }
        let authorised = |payment: &Payment| payment.status == PaymentState::Authorized;
        if self.payments.iter().any(authorised) {
            return Some(Open::Authorised);
        }
        (self.totals.balance_due != 0).then_some(Open::Balance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-06-01 02:00 UTC);
    const SINCE: OffsetDateTime = datetime!(2026-03-01 02:00 UTC);

    /// One that was paid for and has left, long ago.
    fn over() -> Value {
        json!({
            "id": Uuid::nil(), "version": 7, "platform": "web", "kind": "order",
            "status": "placed", "fulfillment_status": "fulfilled", "return_status": "none",
            "archived": false, "totals": {"balance_due": 0},
            "payments": [{"status": "captured", "captures": [{"status": "succeeded"}]}],
            "refunds": [], "fulfillments": [{"status": "shipped"}, {"status": "cancelled"}],
            "holds": [], "updated_at": "2026-02-01T00:00:00Z",
        })
    }

    fn open_on(changes: &Value, platforms: &Value) -> Option<Open> {
        let mut order = over();
        for (name, value) in changes.as_object().expect("an object") {
            order[name] = value.clone();
        }
        let order: Looked = serde_json::from_value(order).expect("an order");
        let configured = serde_json::from_value(platforms.clone()).expect("platforms");
        order.open((SINCE, NOW), &Stays::configured(configured))
    }

    fn open(changes: &Value) -> Option<Open> {
        open_on(changes, &json!({}))
    }

    #[test]
    fn what_is_paid_and_has_left_is_over_and_so_is_what_was_called_off() {
        for changes in [
            json!({}),
            json!({"fulfillment_status": "delivered", "fulfillments": [{"status": "delivered"}]}),
            json!({"status": "cancelled", "fulfillment_status": "unfulfilled", "payments": []}),
            json!({"status": "cancelled", "payments": [{"status": "voided", "captures": []}]}),
            json!({"return_status": "closed", "refunds": [{"status": "succeeded"}]}),
            json!({"return_status": "declined"}),
            // What was not captured of it lapses: nobody can void it any more.
            json!({"payments": [{"status": "partially_captured",
                                 "captures": [{"status": "succeeded"}, {"status": "failed"}]}]}),
            json!({"kind": "credit", "fulfillment_status": "none", "payments": [],
                   "fulfillments": [], "totals": {"balance_due": -500}}),
            json!({"kind": "adjustment", "fulfillment_status": "none", "payments": [],
                   "fulfillments": [], "totals": {"balance_due": 20}}),
        ] {
            assert_eq!(open(&changes), None, "{changes}");
        }
    }

    #[test]
    fn whatever_is_still_to_be_done_keeps_an_order_in_sight() {
        for (changes, why) in [
            (json!({"archived": true}), Open::Archived),
            (
                json!({"status": "draft", "fulfillment_status": "unfulfilled"}),
                Open::Draft,
            ),
            (json!({"holds": [{"id": "h1"}]}), Open::Held),
            (
                json!({"kind": "credit", "holds": [{"id": "h1"}]}),
                Open::Held,
            ),
            (json!({"fulfillment_status": "partial"}), Open::Unfulfilled),
            (
                json!({"fulfillment_status": "unfulfilled"}),
                Open::Unfulfilled,
            ),
            (
                json!({"fulfillments": [{"status": "shipped"}, {"status": "open"}]}),
                Open::BeingPacked,
            ),
            (json!({"return_status": "requested"}), Open::Return),
            (json!({"return_status": "refunded"}), Open::Return),
            (
                json!({"status": "cancelled", "return_status": "approved"}),
                Open::Return,
            ),
            (json!({"totals": {"balance_due": 1}}), Open::Balance),
            (json!({"totals": {"balance_due": -1}}), Open::Balance),
            (
                json!({"status": "cancelled", "totals": {"balance_due": -9}}),
                Open::Balance,
            ),
            (
                json!({"payments": [{"status": "captured", "captures": []},
                                 {"status": "authorized", "captures": []}]}),
                Open::Authorised,
            ),
            (
                json!({"status": "cancelled", "payments": [{"status": "authorized", "captures": []}]}),
                Open::Authorised,
            ),
            (
                json!({"refunds": [{"status": "succeeded"}, {"status": "pending"}]}),
                Open::Pending,
            ),
            (
                json!({"payments": [{"status": "captured", "captures": [{"status": "pending"}]}]}),
                Open::Pending,
            ),
            (json!({"updated_at": "2026-03-01T02:00:00Z"}), Open::Busy),
        ] {
            assert_eq!(open(&changes), Some(why), "{changes}");
        }
    }

    #[test]
    fn a_channel_that_keeps_its_orders_for_longer_does() {
        let keeps = |days: u64| {
            let platforms = json!({"web": {"archive_settled_after_seconds": days * 86_400}});
            open_on(&json!({}), &platforms)
        };
        // Four months ago it was changed last.
        assert_eq!(keeps(100), None);
        assert_eq!(keeps(150), Some(Open::Busy));
        assert_eq!(keeps(u64::MAX / 86_400), Some(Open::Busy));
        let others = json!({"shop": {"archive_settled_after_seconds": 1_000_000_000}});
        assert_eq!(open_on(&json!({}), &others), None);
    }
}
