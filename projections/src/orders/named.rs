//! Whose an order is, and was: for whoever looks for a customer's orders, and for
//! erasures, which have to find every order that ever held somebody's data.

use contracts::{
    ids::subject_of_customer,
    order::{Customer, Order},
    personal::ERASED,
};
use infra::views::words::words;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Whose an order was said to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// Customers of the channel.
    pub subjects: BTreeSet<Uuid>,
    /// In lower case.
    pub emails: BTreeSet<String>,
    /// Whether it was nobody's in particular: then its personal data was sealed
    /// under a key of its own.
    pub guest: bool,
}

impl Named {
    /// Notes whose it is said to be by now.
    pub fn note(&mut self, order: &Order) {
        let subject = subject(order);
        self.guest |= subject.is_none();
        self.subjects.extend(subject);
        self.emails.extend(email(order));
    }
}

/// The customer that an order is said to be of: nobody, where only an id is
/// missing.
pub fn subject(order: &Order) -> Option<Uuid> {
    let id = customer_id(order)?;
    Some(subject_of_customer(&order.platform, id))
}

/// The channel's own id of the customer.
pub fn customer_id(order: &Order) -> Option<&str> {
    order.customer.as_ref()?.id.as_deref()
}

/// The customer's name, as it was given.
pub fn name(order: &Order) -> Option<&str> {
    readable(order, |customer| &customer.name)
}

/// The customer's email, in lower case.
pub fn email(order: &Order) -> Option<String> {
    readable(order, |customer| &customer.email).map(|email| email.trim().to_lowercase())
}

/// What a customer is searched by.
pub fn searched(order: &Order) -> BTreeSet<String> {
    let email = readable(order, |customer| &customer.email);
    let texts = [customer_id(order), name(order), email]
        .into_iter()
        .flatten();
    texts.flat_map(words).collect()
}

fn readable(order: &Order, of: fn(&Customer) -> &Option<String>) -> Option<&str> {
    let text = of(order.customer.as_ref()?).as_deref();
    text.filter(|text| *text != ERASED && !text.is_empty())
}
