//! The product as an aggregate: its state is all of its last event.

use super::{command::ProductCommand, event::ProductEvent, rejection::Rejection};
use crate::whole::whole;
use contracts::{
    product::{self as published, ProductChange},
    topics,
};

whole! {
    /// A product. The default is one that does not exist.
    Product: ProductCommand => ProductEvent, Rejection;
    ProductChange {
        product: published::Product {
            sku, title, weight_grams, dimensions, tax_class, requires_shipping,
            prices, archived,
        }
    } on topics::CATALOG;
    Rejection::ProductNotFound, Rejection::ProductArchived,
}
