//! What an exchange takes over from the original order.

use super::ExchangeBody;
use crate::request::{OrderParts, ShippingBody};
use contracts::{
    order::{Address, Customer, Order as Document},
    personal::ERASED,
};
use domain::{
    country::Country,
    order::{Order, Rejection, command::NewAddress},
    text::Slug,
};
use infra::http::Problem;

/// The new order's parts. What was erased of the original is not taken over.
pub fn order_parts(
    body: ExchangeBody,
    original: &Order,
    document: Option<Document>,
) -> Result<OrderParts, Problem> {
    let head = original.head().map_err(|e| crate::refusal::rejected(&e))?;
    let document = document.ok_or_else(|| crate::refusal::rejected(&Rejection::OrderNotFound))?;
    let platform = Slug::try_from(head.platform.as_str()).map_err(Problem::internal)?;
    let address = |given: Option<_>, there: Option<Address>| match given {
        Some(given) => Some(NewAddress::from(given)),
        None => there.map(readable_address),
    };
    Ok(OrderParts {
        quote: body.shipping.as_ref().and_then(ShippingBody::quote),
        platform,
        external_id: None,
        currency: head.currency,
        customer: document.customer.map(readable_customer),
        lines: body.lines.into_iter().map(Into::into).collect(),
        shipping: body.shipping.map(Into::into),
        billing_address: address(body.billing_address, document.billing_address),
        shipping_address: address(body.shipping_address, document.shipping_address),
        tags: body.tags,
    })
}

fn readable(text: Option<String>) -> Option<String> {
    text.filter(|text| text != ERASED)
}

fn readable_customer(customer: Customer) -> Customer {
    Customer {
        id: customer.id,
        name: readable(customer.name),
        email: readable(customer.email),
    }
}

fn readable_address(mut address: Address) -> NewAddress {
    let country = address.country.take();
    address.name = readable(address.name);
    NewAddress {
        address,
        country: country.and_then(|code| Country::try_from(code).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::personal::Erasable as _;

    #[test]
    fn what_was_erased_is_not_taken_over() {
        let customer = readable_customer(Customer {
            id: Some("c-42".into()),
            ..Customer::erased()
        });
        assert_eq!((customer.name, customer.email), (None, None));
        assert_eq!(customer.id.as_deref(), Some("c-42"));
        let address = readable_address(Address {
            country: Some("GB".into()),
            ..Address::erased()
        });
        assert_eq!(address.address, Address::default());
        assert_eq!(address.country.as_ref().map(Country::code), Some("GB"));
    }
}
