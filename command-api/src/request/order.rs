//! What drafting, placing, importing and exchanging share.

use crate::prices::Line;
use contracts::order::Customer;
use domain::{
    money::Currency,
    order::command::{NewAddress, NewLine, NewOrder, NewShipping},
    text::{Id, Slug},
};
use uuid::Uuid;

/// The parts of a new order.
#[derive(Clone)]
pub struct OrderParts {
    /// Sales channel.
    pub platform: Slug,
    /// The channel's own id.
    pub external_id: Option<Id>,
    /// Currency.
    pub currency: Currency,
    /// Who it is for.
    pub customer: Option<Customer>,
    /// Lines.
    pub lines: Vec<Line>,
    /// Shipping choice.
    pub shipping: Option<NewShipping>,
    /// The quote that it was chosen by, where it is to be held against it.
    pub quote: Option<String>,
    /// Where the bill goes.
    pub billing_address: Option<NewAddress>,
    /// Where the goods go.
    pub shipping_address: Option<NewAddress>,
    /// Labels.
    pub tags: Vec<Id>,
}

impl OrderParts {
    /// The new order of these parts, with lines that have their prices; it gets
    /// its number when it is made.
    pub fn new_order(
        self,
        order_id: Uuid,
        lines: Vec<NewLine>,
        prices_include_tax: bool,
    ) -> NewOrder {
        NewOrder {
            order_id,
            number: String::new(),
            platform: self.platform,
            external_id: self.external_id,
            currency: self.currency,
            prices_include_tax,
            customer: self.customer,
            lines,
            shipping: self.shipping,
            billing_address: self.billing_address,
            shipping_address: self.shipping_address,
            tags: self.tags,
            country: None,
        }
    }
}
