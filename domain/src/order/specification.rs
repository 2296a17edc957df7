//! The order's rules, given / when / then.

use super::{
    AddNote, CancelOrder, ImportOrder, NewLine, NewOrder, NewShipping, Order, OrderCommand,
    OrderEvent, PlaceOrder, Rejection, RejectionKind, after, contract_stream, decide,
    state::evolve,
};
use contracts::order::{FulfillmentStatus, Kind, OrderStatus, PaymentStatus, Totals};
use proptest::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

/// Events so far.
struct Given(Vec<OrderEvent>);

/// What a command led to.
struct Then {
    order: Order,
    outcome: Result<Vec<OrderEvent>, Rejection>,
}

impl Given {
    fn when(self, command: OrderCommand) -> Then {
        let order = self.0.iter().fold(Order::default(), evolve);
        let outcome = decide(&order, command);
        let events = outcome.as_deref().unwrap_or_default();
        let order = events.iter().fold(order, evolve);
        Then { order, outcome }
    }
}

impl Then {
    fn rejects(self, rejection: &Rejection) {
        assert_eq!(self.outcome.as_ref(), Err(rejection));
    }

    fn stores_nothing(self) {
        assert_eq!(self.outcome, Ok(Vec::new()));
    }

    fn totals(&self) -> Totals {
        self.outcome.as_ref().expect("accepted");
        after(&self.order, 1).expect("sums fit").totals
    }
}

fn line(quantity: i64, price: &str) -> NewLine {
    NewLine {
        sku: "A".try_into().expect("valid"),
        name: "Lamp".try_into().expect("valid"),
        quantity,
        unit_price: price.parse().expect("valid"),
        tax: 0,
        discount: 0,
    }
}

fn order(lines: Vec<NewLine>) -> NewOrder {
    NewOrder {
        order_id: Uuid::from_u128(1),
        number: "1001".into(),
        platform: "web".try_into().expect("valid"),
        external_id: None,
        currency: "GBP".parse().expect("known"),
        customer: None,
        lines,
        shipping: None,
        billing_address: None,
        shipping_address: None,
        billing_country: None,
        shipping_country: None,
        tags: Vec::new(),
        placed_at: OffsetDateTime::UNIX_EPOCH,
    }
}

fn place(lines: Vec<NewLine>) -> OrderCommand {
    OrderCommand::Place(Box::new(PlaceOrder(order(lines))))
}

fn import(kind: Kind, lines: Vec<NewLine>) -> OrderCommand {
    let order = order(lines);
    OrderCommand::Import(Box::new(ImportOrder { order, kind }))
}

fn cancel() -> OrderCommand {
    OrderCommand::Cancel(CancelOrder { reason: None })
}

fn note() -> OrderCommand {
    OrderCommand::AddNote(AddNote {
        text: "call back".try_into().expect("valid"),
    })
}

fn nothing() -> Given {
    Given(Vec::new())
}

fn after_command(command: OrderCommand) -> Given {
    Given(decide(&Order::default(), command).expect("accepted"))
}

#[test]
fn placing_sums_the_lines_and_shipping() {
    let mut new = order(vec![line(2, "2.55"), line(1, "0.125")]);
    new.lines[0].discount = 10;
    new.lines[0].tax = 100;
    new.shipping = Some(NewShipping {
        method: "std".try_into().expect("valid"),
        name: "Standard".try_into().expect("valid"),
        amount: 300,
        tax: 60,
    });
    let then = nothing().when(OrderCommand::Place(Box::new(PlaceOrder(new))));
    let totals = then.totals();
    assert_eq!((totals.items, totals.discounts), (522, 10));
    assert_eq!((totals.shipping, totals.tax), (300, 160));
    assert_eq!((totals.total, totals.balance_due), (972, 972));
}

#[test]
fn a_placed_order_is_unpaid_and_unfulfilled() {
    let then = nothing().when(place(vec![line(1, "1")]));
    let after = after(&then.order, 1).expect("sums fit");
    assert_eq!(after.status, OrderStatus::Placed);
    assert_eq!(after.payment_status, PaymentStatus::None);
    assert_eq!(after.fulfillment_status, FulfillmentStatus::Unfulfilled);
}

#[test]
fn an_order_that_costs_nothing_counts_as_paid() {
    let then = nothing().when(place(vec![line(1, "0")]));
    let after = after(&then.order, 1).expect("sums fit");
    assert_eq!(after.payment_status, PaymentStatus::Paid);
}

#[test]
fn an_order_is_placed_once() {
    let taken = Rejection::ExternalIdTaken {
        order_id: Uuid::from_u128(1),
    };
    after_command(place(vec![line(1, "1")]))
        .when(place(vec![line(1, "1")]))
        .rejects(&taken);
}

#[test]
fn an_order_needs_lines_with_positive_quantities() {
    nothing().when(place(vec![])).rejects(&Rejection::NoLines);
    for quantity in [0, -1, i64::MIN, 1_000_000_001] {
        let rejection = Rejection::QuantityOutOfRange {
            line: 1,
            quantity,
            limit: 1_000_000_000,
        };
        assert_eq!(rejection.pointer().as_deref(), Some("/lines/1/quantity"));
        nothing()
            .when(place(vec![line(1, "1"), line(quantity, "1")]))
            .rejects(&rejection);
    }
}

#[test]
fn an_order_has_at_most_five_thousand_lines() {
    nothing()
        .when(place(vec![line(1, "1"); 5_001]))
        .rejects(&Rejection::TooManyLines {
            lines: 5_001,
            limit: 5_000,
        });
}

#[test]
fn sums_beyond_64_bits_are_refused() {
    nothing()
        .when(place(vec![line(1_000_000_000, "999999999999999")]))
        .rejects(&Rejection::AmountOverflow { line: Some(0) });
    nothing()
        .when(place(vec![line(90_000, "999999999999"); 2]))
        .rejects(&Rejection::AmountOverflow { line: None });
}

#[test]
fn a_discount_never_exceeds_its_line() {
    let mut new = line(1, "1");
    new.discount = 101;
    nothing()
        .when(place(vec![new]))
        .rejects(&Rejection::DiscountOutOfRange {
            line: 0,
            discount: 101,
            amount: 100,
        });
}

#[test]
fn a_credit_gives_back_and_is_neither_paid_nor_fulfilled() {
    let then = nothing().when(import(Kind::Credit, vec![line(-2, "2.55")]));
    assert_eq!(then.totals().total, -510);
    let after = after(&then.order, 1).expect("sums fit");
    assert_eq!(after.payment_status, PaymentStatus::None);
    assert_eq!(after.fulfillment_status, FulfillmentStatus::None);
}

#[test]
fn an_adjustment_takes_prices_of_either_sign() {
    let then = nothing().when(import(Kind::Adjustment, vec![line(1, "-11062.06")]));
    assert_eq!(then.totals().total, -1_106_206);
    nothing()
        .when(import(Kind::Order, vec![line(1, "-1")]))
        .rejects(&Rejection::NegativePrice { line: 0 });
}

#[test]
fn a_stock_movement_is_not_an_order() {
    nothing()
        .when(import(Kind::Order, vec![line(-2, "0"), line(-1, "0")]))
        .rejects(&Rejection::NoPositiveQuantity);
}

#[test]
fn importing_again_stores_nothing_unless_the_content_differs() {
    let lines = || vec![line(1, "2.55")];
    after_command(import(Kind::Order, lines()))
        .when(import(Kind::Order, lines()))
        .stores_nothing();
    let differs = Rejection::ImportDiffers {
        order_id: Uuid::from_u128(1),
    };
    after_command(import(Kind::Order, lines()))
        .when(import(Kind::Order, vec![line(2, "2.55")]))
        .rejects(&differs);
}

#[test]
fn importing_a_placed_order_is_refused() {
    let taken = Rejection::ExternalIdTaken {
        order_id: Uuid::from_u128(1),
    };
    after_command(place(vec![line(1, "1")]))
        .when(import(Kind::Order, vec![line(1, "1")]))
        .rejects(&taken);
}

#[test]
fn a_cancelled_order_costs_nothing_and_stays_cancelled() {
    let then = after_command(place(vec![line(3, "1")])).when(cancel());
    assert_eq!(then.totals(), Totals::default());
    let after = after(&then.order, 2).expect("sums fit");
    assert_eq!(after.status, OrderStatus::Cancelled);
    assert_eq!(after.payment_status, PaymentStatus::None);
    let mut events = after_command(place(vec![line(3, "1")])).0;
    events.extend(then.outcome.expect("accepted"));
    Given(events).when(cancel()).stores_nothing();
}

#[test]
fn only_sales_are_cancelled() {
    after_command(import(Kind::Credit, vec![line(-1, "1")]))
        .when(cancel())
        .rejects(&Rejection::NotForKind { kind: Kind::Credit });
}

#[test]
fn what_does_not_exist_takes_no_commands() {
    assert_eq!(Rejection::OrderNotFound.kind(), RejectionKind::NotFound);
    nothing().when(cancel()).rejects(&Rejection::OrderNotFound);
    nothing().when(note()).rejects(&Rejection::OrderNotFound);
}

#[test]
fn notes_are_numbered() {
    let mut events = after_command(place(vec![line(1, "1")])).0;
    for id in ["n1", "n2"] {
        let added = Given(events.clone())
            .when(note())
            .outcome
            .expect("accepted");
        assert!(matches!(&added[..], [OrderEvent::NoteAdded { id: made, .. }] if made == id));
        events.extend(added);
    }
}

prop_compose! {
    fn any_line()(quantity in 1_i64..1_000, mantissa in 0_i64..10_000_000, scale in 0_u8..5, discount in 0_i64..100, tax in 0_i64..10_000) -> NewLine {
        let unit_price = crate::money::Price::Major { mantissa, scale };
        let amount = unit_price.amount(quantity, "GBP".parse().expect("known")).expect("fits");
        NewLine { unit_price, quantity, tax, discount: amount * discount / 100, ..line(1, "1") }
    }
}

proptest! {
    #[test]
    fn the_parts_add_up_to_the_total(lines in prop::collection::vec(any_line(), 1..40)) {
        let then = nothing().when(place(lines));
        let totals = then.totals();
        let placed = then.order.placed.as_ref().expect("placed");
        let sum = |part: fn(&super::Line) -> i64| placed.lines.iter().map(|l| part(&l.line)).sum::<i64>();
        prop_assert_eq!(totals.items, sum(|l| l.amount));
        prop_assert_eq!(totals.discounts, sum(|l| l.discount));
        prop_assert_eq!(totals.tax, sum(|l| l.tax));
        prop_assert_eq!(totals.total, totals.items - totals.discounts + totals.shipping + totals.tax);
    }

    #[test]
    fn what_is_stored_reads_back_and_publishes_the_same_state(lines in prop::collection::vec(any_line(), 1..10)) {
        let mut events = decide(&Order::default(), place(lines)).expect("accepted");
        events.extend(Given(events.clone()).when(note()).outcome.expect("accepted"));
        events.extend(Given(events.clone()).when(cancel()).outcome.expect("accepted"));
        let payloads: Vec<String> = events.iter().map(|e| serde_json::to_string(e).expect("JSON")).collect();
        let published = contract_stream(payloads.iter().map(String::as_str)).expect("readable");
        let mut order = Order::default();
        for ((version, event), out) in (1..).zip(&events).zip(&published) {
            order = evolve(order, event);
            prop_assert_eq!(out.after(), &after(&order, version).expect("sums fit"));
            let data = out.to_data().expect("JSON");
            prop_assert_eq!(&contracts::order::OrderEvent::from_data(out.event_type(), &data).expect("readable"), out);
        }
    }
}
