//! What concerns an order as a whole.

use crate::{
    cloudevents::CloudEvent,
    order::{
        document::{Hold, Line, Note, Order, Totals},
        event::{
            AddressChanged, CustomerAssigned, CustomerLinked, HoldPlaced, NoteAdded, Snapshot,
        },
        parts::{Address, Customer, OrderPersonal, OrderedLine},
        status::{AddressKind, FulfillmentStatus, Kind, OrderStatus, PaymentStatus, ReturnStatus},
    },
    personal::Personal,
};

/// An order that begins; its axes and sums come from the event's `after`.
pub fn draft(
    snapshot: Snapshot,
    personal: Option<Personal<OrderPersonal>>,
    envelope: &CloudEvent,
) -> Order {
    let mut order = Order {
        id: snapshot.order_id,
        number: String::new(),
        version: 0,
        platform: String::new(),
        external_id: None,
        kind: Kind::Order,
        currency: String::new(),
        prices_include_tax: false,
        status: OrderStatus::Draft,
        payment_status: PaymentStatus::None,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        return_status: ReturnStatus::None,
        confirmed: false,
        archived: false,
        customer: None,
        country: String::new(),
        billing_address: None,
        shipping_address: None,
        lines: Vec::new(),
        shipping: None,
        discounts: Vec::new(),
        totals: Totals::default(),
        payments: Vec::new(),
        refunds: Vec::new(),
        credits: Vec::new(),
        chargebacks: Vec::new(),
        fulfillments: Vec::new(),
        returns: Vec::new(),
        holds: Vec::new(),
        tags: Vec::new(),
        notes: Vec::new(),
        cancellation: None,
        exchange_of: None,
        invoice_number: None,
        personal_data_erased_at: None,
        created_at: envelope.time,
        placed_at: None,
        updated_at: envelope.time,
    };
    replace(&mut order, snapshot, personal);
    order
}

/// The content of a draft, all of it anew.
pub fn replace(order: &mut Order, new: Snapshot, personal: Option<Personal<OrderPersonal>>) {
    let personal = personal.map(Personal::readable).unwrap_or_default();
    order.number = new.number;
    order.platform = new.platform;
    order.external_id = new.external_id;
    order.currency = new.currency;
    order.prices_include_tax = new.prices_include_tax;
    order.customer = with_id(personal.customer, new.customer_id);
    order.country = new.country;
    order.billing_address = with_country(personal.billing_address, new.billing_country);
    order.shipping_address = with_country(personal.shipping_address, new.shipping_country);
    order.lines = new.lines.into_iter().map(line).collect();
    order.shipping = new.shipping;
    order.tags = new.tags;
}

/// A line nothing has happened to yet.
pub fn line(line: OrderedLine) -> Line {
    Line {
        id: line.id,
        sku: line.sku,
        name: line.name,
        quantity: line.quantity,
        cancelled_quantity: 0,
        fulfilled_quantity: 0,
        shipped_quantity: 0,
        delivered_quantity: 0,
        return_requested_quantity: 0,
        returned_quantity: 0,
        unit_price: line.unit_price,
        amount: line.amount,
        discount: line.discount,
        allocated_discount: 0,
        tax: line.tax,
    }
}

fn with_id(customer: Option<Customer>, id: Option<String>) -> Option<Customer> {
    if customer.is_none() && id.is_none() {
        return None;
    }
    Some(Customer {
        id,
        ..customer.unwrap_or_default()
    })
}

fn with_country(address: Option<Address>, country: Option<String>) -> Option<Address> {
    if address.is_none() && country.is_none() {
        return None;
    }
    Some(Address {
        country,
        ..address.unwrap_or_default()
    })
}

pub fn address(order: &mut Order, event: AddressChanged) {
    let address = with_country(
        event.personal.map(Personal::readable),
        event.address_country,
    );
    match event.address {
        AddressKind::Shipping => order.shipping_address = address,
        AddressKind::Billing => order.billing_address = address,
    }
    order.country = event.country;
}

pub fn customer(order: &mut Order, event: CustomerAssigned) {
    order.customer = with_id(event.personal.map(Personal::readable), event.customer_id);
}

/// Name and email stay as they were given.
pub fn linked(order: &mut Order, event: CustomerLinked) {
    order.customer.get_or_insert_default().id = Some(event.customer_id);
}

pub fn hold(order: &mut Order, event: HoldPlaced, envelope: &CloudEvent) {
    order.holds.push(Hold {
        id: event.hold_id,
        handle: event.handle,
        reason: event.personal.and_then(|p| p.readable().reason),
        at: envelope.time,
    });
}

pub fn note(order: &mut Order, event: NoteAdded, envelope: &CloudEvent) {
    order.notes.push(Note {
        id: event.note_id,
        text: event.personal.readable().text,
        author: envelope.actor.clone(),
        at: envelope.time,
    });
}

pub fn tag(order: &mut Order, tag: String) {
    if let Err(place) = order.tags.binary_search(&tag) {
        order.tags.insert(place, tag);
    }
}
