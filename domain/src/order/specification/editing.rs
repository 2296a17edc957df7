//! Edits of a placed order.

use super::{commands::*, given, nothing};
use crate::order::{Order, OrderCommand, OrderEvent, Rejection, keeps_discount};
use contracts::order::AddressKind;

fn amounts(order: &Order, id: &str) -> (i64, i64, i64) {
    let line = &order.line(id, None).expect("a line").line;
    (line.amount, line.discount, line.tax)
}

#[test]
fn a_line_is_added_under_a_number_that_was_never_used() {
    let order = given([placed(), remove_line("l2"), add_line(taxed(1, "7", 0, 140))]);
    assert!(
        order
            .order
            .lines
            .iter()
            .map(|l| l.line.id.as_str())
            .eq(["l1", "l3"])
    );
    assert_eq!(order.totals().total, 3_840);
}

#[test]
fn additions_are_taken_after_the_first_fulfillment() {
    let packed = given([placed(), fulfill(&[("l1", 3)])]);
    packed.when(add_line(line(1, "1"))).stores(&["LineAdded"]);
    packed
        .when(change("l1", 4))
        .stores(&["LineQuantityChanged"]);
}

#[test]
fn editing_closes_at_the_first_fulfillment_unless_it_adds() {
    let packed = given([placed(), discount(fixed(1), None), fulfill(&[("l1", 1)])]);
    let closed = Rejection::EditingClosed {
        fulfillments: vec!["f1".into()],
    };
    let edits = [
        change("l1", 2),
        reprice("l1", None, None, Some(1)),
        reprice("l1", Some(9), Some(1), None),
        remove_line("l2"),
        change_shipping(1, 0),
        discount(fixed(1), None),
        remove_discount("d1"),
        change_address(AddressKind::Billing, address("Leeds", "GB")),
        assign(customer("1")),
    ];
    for edit in edits {
        packed.when(edit.clone()).rejects(&closed);
        given([placed(), discount(fixed(1), None)]).and(edit);
    }
}

#[test]
fn a_line_keeps_its_discount_for_who_may_not_set_prices() {
    // Four lamps for 40.00 less 4.00.
    let order = given([place(vec![taxed(4, "10", 400, 0)])]).order;
    let keeps = |quantity, discount| match reprice("l1", quantity, discount, None) {
        OrderCommand::ChangeLine(change) => keeps_discount(&order, &change),
        other => panic!("another command: {other:?}"),
    };
    let refused = |allowed| {
        Err(Rejection::DiscountNotAllowed {
            pointer: "/discount".into(),
            allowed,
        })
    };
    assert_eq!(keeps(None, Some(400)), Ok(()));
    assert_eq!(keeps(None, Some(401)), refused(400));
    assert_eq!(keeps(Some(2), None), Ok(()));
    assert_eq!(keeps(Some(2), Some(400)), refused(200));
    assert_eq!(keeps(Some(8), None), refused(400), "in proportion");
    assert_eq!(keeps(Some(8), Some(400)), Ok(()));
    // What nobody may do is told first.
    let (discount, amount) = (4_001, 4_000);
    let never = Err(Rejection::NewDiscountOutOfRange { discount, amount });
    assert_eq!(keeps(None, Some(4_001)), never);
}

#[test]
fn editing_opens_again_when_the_fulfillment_is_cancelled() {
    let unpacked = given([placed(), fulfill(&[("l1", 1)]), unpack("f1")]);
    unpacked
        .when(change("l1", 1))
        .stores(&["LineQuantityChanged"]);
}

#[test]
fn a_line_cannot_go_below_what_is_fulfilled_or_cancelled_of_it() {
    let order = given([placed(), fulfill(&[("l1", 1)]), cancel_lines(&[("l1", 1)])]);
    let refused = Rejection::BelowFulfilled {
        requested: 1,
        fulfilled: 1,
        cancelled: 1,
    };
    order.when(change("l1", 1)).rejects(&refused);
}

#[test]
fn a_line_is_not_removed_once_any_of_it_is_fulfilled() {
    let order = given([placed(), fulfill(&[("l1", 1)])]);
    order
        .when(remove_line("l1"))
        .rejects(&Rejection::LineFulfilled { fulfilled: 1 });
}

#[test]
fn an_order_without_lines_is_a_cancelled_order() {
    let one = given([place(vec![line(2, "1")])]);
    one.when(remove_line("l1")).rejects(&Rejection::LastLine);
    let half = one.and(cancel_lines(&[("l1", 1)]));
    half.when(change("l1", 1)).rejects(&Rejection::LastLine);
}

#[test]
fn discount_and_tax_of_a_line_stay_in_proportion() {
    let order = given([place(vec![taxed(4, "10", 400, 720)]), change("l1", 3)]);
    assert_eq!(amounts(&order.order, "l1"), (3_000, 300, 540));
}

#[test]
fn a_line_that_shrinks_and_grows_again_costs_what_it_cost() {
    let order = given([place(vec![taxed(3, "0.10", 1, 1), line(1, "1")])]);
    let shrunk = order.clone().and(change("l1", 1));
    assert_eq!(amounts(&shrunk.order, "l1"), (10, 0, 0));
    let again = shrunk.and(change("l1", 3));
    assert_eq!(amounts(&again.order, "l1"), amounts(&order.order, "l1"));
    let gone = order.and(cancel_lines(&[("l1", 3)]));
    let back = gone.and(change("l1", 6));
    assert_eq!(amounts(&back.order, "l1"), (30, 1, 1));
}

#[test]
fn a_share_that_the_price_cuts_off_is_not_what_was_given() {
    // Three for 2p, all of it off; one costs nothing, so nothing is off it.
    let order = given([place(vec![taxed(3, "0.005", 2, 0), line(1, "1")])]);
    let there_and_back = order.and(change("l1", 1)).and(change("l1", 3));
    assert_eq!(amounts(&there_and_back.order, "l1"), (2, 2, 0));
}

#[test]
fn a_given_discount_or_tax_is_what_later_proportions_go_by() {
    let order = given([
        place(vec![taxed(4, "10", 0, 0)]),
        reprice("l1", None, Some(400), Some(800)),
    ]);
    let half = order.and(change("l1", 2));
    assert_eq!(amounts(&half.order, "l1"), (2_000, 200, 400));
}

#[test]
fn an_included_tax_shrinks_with_the_price_that_includes_it() {
    // Three for 2p, of which 2p are tax; one costs nothing after rounding.
    let mut new = order(vec![taxed(3, "0.005", 0, 2), line(1, "1")]);
    new.prices_include_tax = true;
    let order = given([place_order(new), cancel_lines(&[("l1", 2)])]);
    assert_eq!(amounts(&order.order, "l1"), (0, 0, 0));
}

#[test]
fn nothing_is_taxed_of_a_line_that_was_called_off() {
    let order = given([placed(), cancel_lines(&[("l1", 3)])]);
    let refused = Rejection::NewTaxOutOfRange { tax: 1 };
    order
        .when(reprice("l1", None, None, Some(1)))
        .rejects(&refused);
}

#[test]
fn a_change_that_changes_nothing_stores_nothing() {
    let mut new = order(vec![line(3, "10")]);
    new.shipping = Some(shipping(300, 60));
    let order = given([place_order(new)]);
    order.when(change("l1", 3)).stores_nothing();
    order
        .when(reprice("l1", None, Some(0), Some(0)))
        .stores_nothing();
    order.when(change_shipping(300, 60)).stores_nothing();
}

#[test]
fn discounts_stack_on_what_the_earlier_ones_leave() {
    let order = given([
        placed(),
        discount(percent("50"), None),
        discount(percent("50"), None),
    ]);
    assert_eq!(order.totals().discounts, 3_000);
    let without = order.and(remove_discount("d1"));
    assert_eq!(without.totals().discounts, 2_000);
}

#[test]
fn a_discount_on_a_line_falls_on_no_other() {
    let order = given([placed(), discount(percent("10"), Some("l2"))]);
    let then = &order.order.discounts[0];
    assert_eq!((then.amount, then.allocations.len()), (100, 1));
    assert_eq!(then.allocations[0].line, "l2");
}

#[test]
fn a_fixed_discount_never_exceeds_what_is_left_and_grows_back() {
    let order = given([placed(), discount(fixed(3_500), None), change("l1", 1)]);
    assert_eq!(order.totals().total, 0);
    let more = order.and(change("l1", 3));
    assert_eq!(more.totals().total, 500);
}

#[test]
fn the_country_of_an_order_follows_its_addresses() {
    let order = given([
        placed(),
        change_address(AddressKind::Billing, address("Bern", "CH")),
    ]);
    let then = order.when(change_address(
        AddressKind::Shipping,
        address("Leeds", "GB"),
    ));
    let OrderEvent::AddressChanged(changed) = then.event() else {
        panic!("the address changes");
    };
    assert_eq!(changed.country, "GB");
    assert_eq!(
        order
            .order
            .head()
            .expect("there")
            .billing_country
            .as_deref(),
        Some("CH")
    );
}

#[test]
fn an_order_belongs_to_the_customer_it_is_assigned_to() {
    let order = given([placed()]);
    let own = order.order.subject();
    let theirs = order.and(assign(customer("7")));
    assert_eq!(own, Some(ORDER));
    assert_ne!(theirs.order.subject(), own);
}

/// Whatever became of the order: what was agreed on stays as it is.
#[test]
fn a_guests_order_is_linked_to_one_customer() {
    let guests = given([placed(), fulfill(&[("l1", 1)])]);
    let theirs = guests.clone().and(link("7"));
    let assigned = given([placed(), assign(customer("7"))]);
    assert_eq!(theirs.order.subject(), assigned.order.subject());
    assert_eq!(theirs.totals(), guests.totals());
    theirs.when(link("7")).stores_nothing();
    theirs.when(link("8")).rejects(&Rejection::CustomerKnown {
        customer_id: "7".into(),
    });
    let cancelled = given([placed(), cancel()]);
    cancelled.when(link("7")).stores(&["CustomerLinked"]);
    nothing().when(link("7")).rejects(&Rejection::OrderNotFound);
}
