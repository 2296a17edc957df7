//! Steps with what an order consists of, and with the order as a whole.

use super::{
    line,
    steps::{Step, live, next_id},
};
use contracts::{
    order::{
        AddressChanged, AddressKind, Allocation, CancelledLine, CustomerAssigned, CustomerLinked,
        Discount, DiscountApplied, DiscountRemoved, DraftUpdated, Fact, HoldPlaced, HoldReleased,
        Line, LineAdded, LineQuantity, LineQuantityChanged, LineRemoved, LinesCancelled, NoteAdded,
        NoteText, Order, OrderArchived, OrderCancelled, OrderConfirmed, OrderPlaced,
        OrderUnarchived, PersonalDataErased, Settlement, Shipping, ShippingChanged, Snapshot,
        Tagged, Untagged,
    },
    personal::Personal,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A draft that nobody has given up.
fn draft(order: &Order) -> Option<()> {
    (order.placed_at.is_none() && order.cancellation.is_none()).then_some(())
}

/// The content of a draft with other lines.
fn other_content(step: Step, order: &Order) -> Snapshot {
    let lines = 1..=u32::from(step.choice % 4);
    Snapshot {
        order_id: order.id,
        number: order.number.clone(),
        platform: order.platform.clone(),
        external_id: None,
        currency: order.currency.clone(),
        prices_include_tax: false,
        customer_id: None,
        country: if step.choice.is_multiple_of(2) {
            "GB"
        } else {
            "FR"
        }
        .into(),
        shipping_country: None,
        billing_country: None,
        lines: lines.map(|n| line((n, (i64::from(n), 120)))).collect(),
        shipping: None,
        tags: Vec::new(),
    }
}

pub fn update(step: Step, order: &Order) -> Option<Fact> {
    draft(order)?;
    let order = other_content(step, order);
    Some(
        DraftUpdated {
            order,
            personal: None,
        }
        .into(),
    )
}

pub fn place(step: Step, order: &Order) -> Option<Fact> {
    draft(order)?;
    let event = OrderPlaced {
        order: other_content(step, order),
        placed_at: OffsetDateTime::UNIX_EPOCH + Duration::hours(i64::from(step.choice)),
        exchange_of: None,
        personal: None,
    };
    Some(event.into())
}

pub fn confirm(step: Step, order: &Order) -> Option<Fact> {
    live(order)?;
    let personal = step.reason();
    Some(OrderConfirmed { personal }.into())
}

pub fn add_line(step: Step, order: &Order) -> Option<Fact> {
    live(order)?;
    let event = LineAdded {
        line: line((100 + u32::try_from(order.version).ok()?, (2, 55))),
        discounts: order.discounts.clone(),
        personal: step.reason(),
    };
    Some(event.into())
}

/// A line of which nothing is fulfilled or called off.
fn untouched(step: Step, order: &Order) -> Option<&Line> {
    live(order)?;
    let whole = |l: &&Line| l.fulfilled_quantity == 0 && l.cancelled_quantity == 0;
    let plain = order.lines.iter().filter(|l| l.allocated_discount == 0);
    step.one_of(plain.filter(whole))
}

pub fn change_line(step: Step, order: &Order) -> Option<Fact> {
    let quantity = step.some_of(9)?;
    let event = LineQuantityChanged {
        line: untouched(step, order)?.id.clone(),
        quantity,
        amount: quantity * 30,
        discount: 0,
        tax: quantity,
        discounts: order.discounts.clone(),
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn remove_line(step: Step, order: &Order) -> Option<Fact> {
    let event = LineRemoved {
        line: untouched(step, order)?.id.clone(),
        discounts: order.discounts.clone(),
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn cancel_line(step: Step, order: &Order) -> Option<Fact> {
    let line = untouched(step, order)?;
    let event = LinesCancelled {
        lines: vec![CancelledLine {
            cancelled: LineQuantity {
                line: line.id.clone(),
                quantity: line.quantity,
            },
            amount: 0,
            discount: 0,
            tax: 0,
        }],
        discounts: order.discounts.clone(),
        settlement: Settlement::default(),
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn discount(step: Step, order: &Order) -> Option<Fact> {
    let line = untouched(step, order)?;
    let discount_id = next_id("d", order.discounts.len());
    let amount = step.some_of(9)?;
    let new = Discount {
        id: discount_id.clone(),
        line: None,
        code: None,
        percent: None,
        fixed: Some(amount),
        amount,
        allocations: vec![Allocation {
            line: line.id.clone(),
            amount,
        }],
    };
    let discounts = order.discounts.iter().cloned().chain([new]).collect();
    let event = DiscountApplied {
        discount_id,
        discounts,
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn no_discount(step: Step, order: &Order) -> Option<Fact> {
    live(order)?;
    let (last, others) = order.discounts.split_last()?;
    let event = DiscountRemoved {
        discount_id: last.id.clone(),
        discounts: others.to_vec(),
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn shipping(step: Step, order: &Order) -> Option<Fact> {
    live(order)?;
    let shipping = Shipping {
        method: "fast".into(),
        name: "Overnight".into(),
        amount: i64::from(step.choice),
        tax: 0,
        quote: None,
    };
    let personal = step.reason();
    Some(ShippingChanged { shipping, personal }.into())
}

pub fn address(step: Step, order: &Order) -> Option<Fact> {
    live(order)?;
    let country = if step.choice.is_multiple_of(2) {
        "GB"
    } else {
        "FR"
    };
    let event = AddressChanged {
        address: AddressKind::Shipping,
        address_country: Some(country.into()),
        country: country.into(),
        personal: None,
    };
    Some(event.into())
}

pub fn customer(step: Step, order: &Order) -> Option<Fact> {
    live(order)?;
    let event = CustomerAssigned {
        customer_id: (!step.choice.is_multiple_of(4)).then(|| format!("c{}", step.choice % 4)),
        personal: None,
    };
    Some(event.into())
}

pub fn link(step: Step, order: &Order) -> Option<Fact> {
    order.placed_at?;
    let known = order.customer.as_ref().and_then(|c| c.id.as_ref());
    known.is_none().then_some(())?;
    let customer_id = format!("c{}", 1 + step.choice % 3);
    Some(CustomerLinked { customer_id }.into())
}

pub fn erase(step: Step, order: &Order) -> Option<Fact> {
    // Now and then, and drafts too.
    (step.choice.is_multiple_of(3) || order.personal_data_erased_at.is_none()).then_some(())?;
    let event = PersonalDataErased {
        erasure_id: Uuid::from_u128(step.choice.into()),
        subjects: Vec::new(),
        requested_by: "key_1".into(),
        reference: None,
    };
    Some(event.into())
}

pub fn hold(step: Step, order: &Order) -> Option<Fact> {
    live(order)?;
    let event = HoldPlaced {
        hold_id: next_id("h", usize::try_from(order.version).ok()?),
        handle: None,
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn release(step: Step, order: &Order) -> Option<Fact> {
    let event = HoldReleased {
        hold_id: step.one_of(order.holds.iter())?.id.clone(),
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn note(_: Step, order: &Order) -> Option<Fact> {
    // A few are as good as many.
    (order.notes.len() < 4).then_some(())?;
    let text = "Rang the bell".to_owned();
    let event = NoteAdded {
        note_id: next_id("n", order.notes.len()),
        personal: Personal::Open(NoteText { text }),
    };
    Some(event.into())
}

pub fn tag(step: Step, order: &Order) -> Option<Fact> {
    let tag = format!("tag {}", step.choice % 4);
    (!order.tags.contains(&tag)).then(|| Tagged { tag }.into())
}

pub fn untag(step: Step, order: &Order) -> Option<Fact> {
    let tag = step.one_of(order.tags.iter())?.clone();
    Some(Untagged { tag }.into())
}

pub fn archive(step: Step, order: &Order) -> Option<Fact> {
    order.placed_at?;
    let personal = step.reason();
    Some(if order.archived {
        OrderUnarchived { personal }.into()
    } else {
        OrderArchived { personal }.into()
    })
}

pub fn cancel(step: Step, order: &Order) -> Option<Fact> {
    // Rarely, so that there are long histories too.
    (step.choice < 40 && order.cancellation.is_none() && order.fulfillments.is_empty())
        .then_some(())?;
    let event = OrderCancelled {
        settlement: Settlement::default(),
        occurred_at: None,
        personal: step.reason(),
    };
    Some(event.into())
}
