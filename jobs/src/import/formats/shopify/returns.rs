//! Goods that came back, as refunds tell of them.
//!
//! A refund names the units that it is for and what became of them, its
//! `restock_type`: `return` and `legacy_restock` are for sale again, `no_restock` are
//! not, `cancel` were never sent. What was not sent by then cannot have come back,
//! whatever is said of it; and `no_restock` is also what the admin says of units that
//! it takes off before they are sent.

use super::order::{Order, Refund, RefundedItem};
use crate::import::body::{ReturnBody, ReturnedBody};
use std::collections::HashMap;
use time::OffsetDateTime;

/// What came back, and with which refund.
#[derive(Default)]
pub struct Returns {
    /// In the order of time; the first is `r1`.
    pub bodies: Vec<ReturnBody>,
    /// Id of the return by the place of its refund.
    of: HashMap<usize, String>,
}

impl Returns {
    /// Of an order whose line items have these ids as lines.
    pub fn of(order: &Order, ids: &HashMap<u64, String>) -> Self {
        let mut returns = Self::default();
        // What is called off is given back as a whole.
        if order.cancelled_at.is_some() {
            return returns;
        }
        let mut goods = Goods::of(order);
        let mut refunds: Vec<(usize, &Refund)> = order.refunds.iter().enumerate().collect();
        refunds.sort_by_key(|(_, refund)| refund.at());
        for (place, refund) in refunds {
            let units = goods.came_with(refund, ids);
            if !units.is_empty() {
                let id = format!("r{}", returns.bodies.len() + 1);
                returns.of.insert(place, id);
                returns.bodies.extend(bodies(refund, units));
            }
        }
        returns
    }

    /// Id of the return that the money of the refund at this place is for.
    pub fn with(&self, place: usize) -> Option<&String> {
        self.of.get(&place)
    }
}

/// Units of line items, by their ids, and what is known of them by now.
struct Goods<'a> {
    order: &'a Order,
    /// Not sent to this day, and not yet taken off by a refund: what was sent later
    /// was not taken off before.
    unsent: HashMap<u64, i64>,
    /// Came back.
    back: HashMap<u64, i64>,
}

impl<'a> Goods<'a> {
    fn of(order: &'a Order) -> Self {
        Self {
            order,
            unsent: unsent(order),
            back: HashMap::new(),
        }
    }

    /// What came back with a refund, of what was sent by then and is not back yet.
    /// Each refund once, in the order of time.
    fn came_with(&mut self, refund: &Refund, ids: &HashMap<u64, String>) -> Vec<ReturnedBody> {
        let by_then = sent(self.order, Some(refund.at()));
        let mut units: Vec<ReturnedBody> = Vec::new();
        for item in &refund.items {
            let Some((id, resellable)) = came_back(item) else {
                continue;
            };
            let Some(line) = ids.get(&id) else {
                continue;
            };
            let by_then = by_then.get(&id).copied().unwrap_or_default();
            let quantity = self.split(id, item.quantity.max(0), resellable, by_then);
            if quantity == 0 {
                continue;
            }
            let same =
                |unit: &&mut ReturnedBody| unit.line == *line && unit.resellable == resellable;
            match units.iter_mut().find(same) {
                Some(unit) => unit.quantity += quantity,
                None => units.push(ReturnedBody {
                    line: line.clone(),
                    quantity,
                    resellable,
                }),
            }
        }
        units
    }

    /// How many of so many units came back. What is for sale again was sent as far
    /// as it can have been; of what is not, the shop's `no_restock`, units that were
    /// never sent come first, as that is what it says of them too.
    fn split(&mut self, id: u64, quantity: i64, resellable: bool, sent: i64) -> i64 {
        let unsent = self.unsent.entry(id).or_default();
        let back = self.back.entry(id).or_default();
        let there = (sent - *back).max(0);
        let came = if resellable {
            quantity.min(there)
        } else {
            (quantity - *unsent).clamp(0, there)
        };
        *unsent = (*unsent - (quantity - came)).max(0);
        *back += came;
        came
    }
}

/// Units that were sent of each line item, until then where a moment is given.
fn sent(order: &Order, until: Option<OffsetDateTime>) -> HashMap<u64, i64> {
    let is_made = |made: OffsetDateTime| until.is_none_or(|until| made <= until);
    let made = order.sent().filter(|f| is_made(f.created_at));
    let mut sent = HashMap::new();
    for item in made.flat_map(|f| &f.line_items) {
        let units: &mut i64 = sent.entry(item.id).or_default();
        *units = units.saturating_add(item.quantity.max(0));
    }
    sent
}

/// Units of each line item that were not sent to this day, but for those that some
/// refund calls off.
fn unsent(order: &Order) -> HashMap<u64, i64> {
    let mut gone = sent(order, None);
    let items = order.refunds.iter().flat_map(|refund| &refund.items);
    for item in items.filter(|item| item.restock_type == "cancel") {
        let Some(id) = item.line_item_id else {
            continue;
        };
        let units = gone.entry(id).or_default();
        *units = units.saturating_add(item.quantity.max(0));
    }
    let items = order.line_items.iter().map(|item| {
        let gone = gone.get(&item.id).copied().unwrap_or_default();
        (item.id, item.quantity.saturating_sub(gone).max(0))
    });
    items.collect()
}

/// The line item, and whether its units are for sale again; none where they were
/// never sent, or it is not said what became of them.
fn came_back(item: &RefundedItem) -> Option<(u64, bool)> {
    let resellable = match item.restock_type.as_str() {
        "return" | "legacy_restock" => true,
        "no_restock" => false,
        _ => return None,
    };
    Some((item.line_item_id?, resellable))
}

/// A return has each line once: of a line of which some units are for sale again and
/// others are not, the others are a return of their own.
fn bodies(refund: &Refund, units: Vec<ReturnedBody>) -> Vec<ReturnBody> {
    let (mut first, mut other): (Vec<ReturnedBody>, Vec<ReturnedBody>) = (Vec::new(), Vec::new());
    for unit in units {
        if first.iter().any(|there| there.line == unit.line) {
            other.push(unit);
        } else {
            first.push(unit);
        }
    }
    let bodies = [first, other].into_iter().filter(|lines| !lines.is_empty());
    let body = |lines| ReturnBody {
        lines,
        reason: refund.reason(),
        returned_at: Some(refund.at()),
    };
    bodies.map(body).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Five mugs and two posters, of which four and two were sent.
    fn order(refunds: &Value) -> Order {
        serde_json::from_value(json!({
            "id": 450_789_469_u64,
            "admin_graphql_api_id": "gid://shopify/Order/450789469",
            "name": "#1001",
            "created_at": "2025-03-14T10:15:30-04:00",
            "processed_at": "2025-03-14T10:15:28-04:00",
            "cancelled_at": null,
            "currency": "USD",
            "financial_status": "partially_refunded",
            "fulfillment_status": "partial",
            "total_price": "135.00",
            "line_items": [
                {"id": 466_157_049_u64, "sku": "MUG", "quantity": 5, "current_quantity": 2,
                 "fulfillable_quantity": 1, "price": "15.00", "requires_shipping": true},
                {"id": 518_995_019_u64, "sku": "POSTER", "quantity": 2, "price": "30.00"}
            ],
            "fulfillments": [
                {"id": 255_858_046, "status": "success", "shipment_status": "delivered",
                 "created_at": "2025-03-15T09:00:00-04:00",
                 "line_items": [{"id": 466_157_049_u64, "quantity": 4},
                                {"id": 518_995_019_u64, "quantity": 2}]},
                {"id": 255_858_047, "status": "cancelled",
                 "created_at": "2025-03-15T08:00:00-04:00",
                 "line_items": [{"id": 466_157_049_u64, "quantity": 1}]}
            ],
            "refunds": refunds,
        }))
        .expect("an order")
    }

    fn refund(day: u8, items: &[(u64, i64, &str)]) -> Value {
        let items = items.iter().map(|(id, quantity, restock_type)| {
            json!({
                "id": 1_058_498_307_u64, "line_item_id": id, "location_id": 487_838_322,
                "quantity": quantity, "restock_type": restock_type, "subtotal": 15.0,
                "total_tax": 0.0,
            })
        });
        json!({
            "id": 509_562_969, "order_id": 450_789_469, "note": "too small", "restock": true,
            "created_at": format!("2025-03-{day}T09:00:00-04:00"),
            "processed_at": format!("2025-03-{day}T09:00:00-04:00"),
            "refund_line_items": items.collect::<Vec<_>>(), "transactions": [],
            "order_adjustments": [],
        })
    }

    const MUG: u64 = 466_157_049;
    const POSTER: u64 = 518_995_019;

    /// `line × quantity`, with a mark where it is for sale again, of each return.
    fn told(order: &Order) -> (Vec<String>, Vec<Option<String>>) {
        let ids = HashMap::from([(MUG, "l1".to_owned()), (POSTER, "l2".to_owned())]);
        let returns = Returns::of(order, &ids);
        let line = |line: &ReturnedBody| {
            let mark = if line.resellable { "+" } else { "" };
            format!("{} × {}{mark}", line.line, line.quantity)
        };
        let lines = |body: &ReturnBody| body.lines.iter().map(line).collect::<Vec<_>>().join(", ");
        let places = 0..order.refunds.len();
        (
            returns.bodies.iter().map(lines).collect(),
            places.map(|place| returns.with(place).cloned()).collect(),
        )
    }

    #[test]
    fn what_was_sent_has_come_back_in_the_order_of_time() {
        let order = order(&json!([
            refund(22, &[(POSTER, 1, "legacy_restock")]),
            refund(20, &[(MUG, 2, "return"), (POSTER, 1, "no_restock")]),
        ]));
        let (returns, of) = told(&order);
        assert_eq!(returns, ["l1 × 2+, l2 × 1", "l2 × 1+"]);
        assert_eq!(of, [Some("r2".to_owned()), Some("r1".to_owned())]);
        let ids = HashMap::from([(MUG, "l1".to_owned())]);
        let first = Returns::of(&order, &ids).bodies.remove(0);
        assert_eq!(first.reason.as_deref(), Some("too small"));
        assert_eq!(
            first.returned_at.map(time::OffsetDateTime::day),
            Some(20),
            "its own time"
        );
    }

    #[test]
    fn what_was_never_sent_cannot_have_come_back() {
        let order = order(&json!([
            refund(20, &[(MUG, 1, "cancel")]),
            refund(21, &[(MUG, 5, "return")]),
            refund(22, &[(MUG, 1, "return"), (99, 1, "return")]),
            refund(23, &[]),
        ]));
        let (returns, of) = told(&order);
        assert_eq!(returns, ["l1 × 4+"]);
        assert_eq!(of, [None, Some("r1".to_owned()), None, None]);
    }

    #[test]
    fn what_was_sent_after_a_refund_did_not_come_back_with_it() {
        let order = order(&json!([
            refund(14, &[(MUG, 1, "return"), (POSTER, 2, "no_restock")]),
            refund(16, &[(POSTER, 1, "return")]),
        ]));
        let (returns, of) = told(&order);
        assert_eq!(returns, ["l2 × 1+"]);
        assert_eq!(of, [None, Some("r1".to_owned())]);
    }

    #[test]
    fn what_is_not_restocked_was_not_sent_as_far_as_it_can_have_been() {
        let first = refund(20, &[(MUG, 1, "no_restock")]);
        let all_sent = refund(21, &[(MUG, 4, "return")]);
        let (returns, of) = told(&order(&json!([first, all_sent])));
        assert_eq!(returns, ["l1 × 4+"]);
        assert_eq!(of, [None, Some("r1".to_owned())]);
        let both = refund(20, &[(MUG, 1, "no_restock"), (MUG, 4, "return")]);
        assert_eq!(told(&order(&json!([both]))).0, ["l1 × 4+"]);
        let more = refund(20, &[(MUG, 3, "no_restock")]);
        assert_eq!(told(&order(&json!([more]))).0, ["l1 × 2"]);
    }

    #[test]
    fn what_is_called_off_at_any_time_was_not_sent_before_what_is_not_restocked() {
        let (returns, of) = told(&order(&json!([
            refund(20, &[(MUG, 1, "no_restock")]),
            refund(21, &[(MUG, 1, "cancel")]),
        ])));
        assert_eq!(returns, ["l1 × 1"]);
        assert_eq!(of, [Some("r1".to_owned()), None]);
    }

    #[test]
    fn a_line_of_which_some_are_for_sale_again_is_in_two_returns() {
        let order = order(&json!([
            refund(
                20,
                &[
                    (MUG, 1, "return"),
                    (MUG, 1, "return"),
                    (MUG, 2, "no_restock")
                ]
            ),
            refund(21, &[(POSTER, 2, "return")]),
        ]));
        let (returns, of) = told(&order);
        assert_eq!(returns, ["l1 × 2+", "l1 × 1", "l2 × 2+"]);
        assert_eq!(of, [Some("r1".to_owned()), Some("r3".to_owned())]);
    }

    #[test]
    fn what_is_called_off_is_given_back_without_a_return() {
        let mut order = order(&json!([refund(20, &[(MUG, 1, "return")])]));
        order.cancelled_at = Some(order.created_at);
        assert_eq!(told(&order), (Vec::new(), vec![None]));
    }
}
