//! Changing a draft.

use crate::{
    country::Country,
    order::{
        command::{NewAddress, UpdateDraft},
        event::OrderEvent,
        placement::{checked, draft_lines, order_country, placed_shipping, tags},
        quoted::place_of_draft,
        rejection::Rejection,
        state::{DraftContent, Order, Stage},
    },
};
use contracts::{
    order::{Address, Customer, DraftUpdated, Kind, OrderPersonal},
    personal::Personal,
};

/// What is given replaces what the draft has. A change that changes nothing
/// stores nothing. A quote of its shipping that stays says whether the goods go
/// elsewhere by now: where they went by it is not stored.
pub fn decide(order: &Order, command: UpdateDraft) -> Result<Vec<OrderEvent>, Rejection> {
    let currency = order.head()?.currency;
    if order.stage == Stage::Cancelled {
        return Err(Rejection::OrderIsCancelled);
    }
    let draft = order.draft.as_ref().ok_or(Rejection::OrderNotDraft)?;
    let DraftContent {
        mut snapshot,
        personal,
    } = (**draft).clone();
    let chosen_now = command.shipping.is_some();
    if let Some(lines) = command.lines {
        snapshot.lines = draft_lines(lines, currency, snapshot.prices_include_tax)?;
    }
    if let Some(shipping) = command.shipping {
        let included = snapshot.prices_include_tax;
        let placed = shipping.map(|s| placed_shipping(s, Kind::Order, included));
        snapshot.shipping = placed.transpose()?;
    }
    if let Some(new) = command.tags {
        snapshot.tags = tags(new)?;
    }
    // What was erased cannot be kept beside what is new.
    let mut readable = match &personal {
        Some(Personal::Open(personal)) => personal.clone(),
        _ => OrderPersonal::default(),
    };
    let mut replaced = false;
    if let Some(customer) = command.customer {
        snapshot.customer_id = customer.as_ref().and_then(|c| c.id.clone());
        readable.customer = customer.and_then(Customer::personal);
        replaced = true;
    }
    if let Some(address) = command.billing_address {
        (readable.billing_address, snapshot.billing_country) = split(address);
        replaced = true;
    }
    if let Some(address) = command.shipping_address {
        (readable.shipping_address, snapshot.shipping_country) = split(address);
        replaced = true;
    }
    snapshot.country = order_country(
        snapshot.shipping_country.as_deref(),
        snapshot.billing_country.as_deref(),
    );
    let personal = if replaced {
        crate::order::personal::order(readable)
    } else {
        personal
    };
    let mut changed = DraftContent { snapshot, personal };
    if !chosen_now && place_of_draft(&changed) != place_of_draft(draft) {
        let shipping = changed.snapshot.shipping.as_mut();
        if let Some(quote) = shipping.and_then(|shipping| shipping.quote.as_mut()) {
            quote.destination_changed = true;
        }
    }
    if changed == **draft {
        return Ok(Vec::new());
    }
    let updated = DraftUpdated {
        order: changed.snapshot,
        personal: changed.personal,
    };
    checked(order, vec![updated.into()])
}

fn split(address: Option<NewAddress>) -> (Option<Address>, Option<String>) {
    let Some(NewAddress { address, country }) = address else {
        return (None, None);
    };
    let country = country.as_ref().map(Country::code).map(str::to_owned);
    (address.personal(), country)
}
