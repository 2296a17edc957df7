//! The prices of lines: those of clients, held against the catalogue, or those of
//! the catalogue (docs/DECISIONS.md, 168).

use crate::{call::Call, catalogue::products};
use contracts::order::OrderedLine;
use domain::{
    money::{Currency, InvalidPrice, Price},
    order::{Rejection, command::NewLine},
    platform::PlatformRules,
    product::{PriceCheck, Product, check_price, price_on, snapshot},
    text::{Id, InvalidText, Text},
};
use infra::command::ExecuteError;
use std::collections::BTreeSet;

/// The scope of keys whose prices are taken as they are.
pub const SET_PRICES: &str = "orders:price";

/// A line as a client gives it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Stock keeping unit.
    pub sku: Id,
    /// Name; none: that of the product.
    pub name: Option<Text>,
    /// How many.
    pub quantity: i64,
    /// Price; none: that of the catalogue.
    pub unit_price: Option<Price>,
    /// Tax on the whole line.
    pub tax: i64,
    /// Discount on the whole line.
    pub discount: i64,
}

impl Line {
    /// A line that an order has, as a client would give it.
    ///
    /// # Errors
    /// What no client could give: it was stored otherwise.
    pub fn of_order(line: &OrderedLine) -> Result<Self, Unreadable> {
        Ok(Self {
            sku: line.sku.as_str().try_into()?,
            name: Some(line.name.as_str().try_into()?),
            quantity: line.quantity,
            unit_price: Some(Price::try_from(&line.unit_price)?),
            tax: line.tax,
            discount: line.discount,
        })
    }

    /// As the client gives it, whatever it leaves to the catalogue: for an order
    /// that exists, where it is only compared.
    pub fn given(self) -> NewLine {
        NewLine {
            sku: self.sku,
            name: self.name.unwrap_or_default(),
            quantity: self.quantity,
            unit_price: self.unit_price.unwrap_or(Price::ZERO),
            tax: self.tax,
            discount: self.discount,
        }
    }
}

/// A stored line that is none.
#[derive(Debug, thiserror::Error)]
#[error("a stored line cannot be read")]
pub enum Unreadable {
    /// Its texts.
    Text(#[from] InvalidText),
    /// Its price.
    Price(#[from] InvalidPrice),
}

/// Where lines are sold, and who sets their prices.
pub struct Sale<'a> {
    /// Slug of the platform.
    pub platform: &'a str,
    /// Currency of the order.
    pub currency: Currency,
    /// Whether the client's prices and discounts are taken as they are.
    pub may_set: bool,
}

type Failed = ExecuteError<Rejection>;

impl<'a> Sale<'a> {
    /// On this platform, by this caller.
    pub fn of(call: &Call, rules: &'a PlatformRules, currency: Currency) -> Self {
        Self {
            platform: &rules.slug,
            currency,
            may_set: rules.may_set_prices(call.may(SET_PRICES)),
        }
    }

    /// The lines with their prices and names. The catalogue is asked only where
    /// it has a say, once for all lines. `pointer` says where the body has a
    /// member of a line, by the line's index and the member's name.
    ///
    /// # Errors
    /// `price_mismatch`, `price_unknown`, `discount_not_allowed`; when the log does
    /// not answer.
    pub async fn lines(
        &self,
        call: &Call,
        lines: Vec<Line>,
        pointer: impl Fn(usize, &str) -> String + Send,
    ) -> Result<Vec<NewLine>, Failed> {
        let asks = |line: &&Line| !self.may_set || line.unit_price.is_none() || line.name.is_none();
        let skus: BTreeSet<&str> = lines.iter().filter(asks).map(|line| &*line.sku).collect();
        let products = products(call, skus).await?;
        let priced = lines.into_iter().enumerate().map(|(index, line)| {
            let product = products.get(&*line.sku);
            let priced = self.line(line, product);
            priced.map_err(|refused| {
                let pointer = pointer(index, refused.member());
                ExecuteError::Rejected(refused.at(pointer))
            })
        });
        priced.collect()
    }

    fn line(&self, line: Line, product: Option<&Product>) -> Result<NewLine, Refused> {
        let product = product.and_then(|product| product.now.as_ref());
        let catalogue = product.and_then(|product| price_on(product, self.platform, self.currency));
        let checked = check_price(line.unit_price, catalogue, self.may_set, self.currency);
        let unit_price = match checked {
            PriceCheck::Accepted(price) | PriceCheck::Catalogue(price) => price,
            PriceCheck::Mismatch { given, current } => {
                return Err(Refused::Mismatch(given, current));
            }
            PriceCheck::Unknown => return Err(Refused::Unknown),
        };
        // What is taken off a price makes another price of it. One below zero is
        // none, whoever gives it: the order says so.
        if !self.may_set && line.discount > 0 {
            return Err(Refused::Discount);
        }
        let line = NewLine {
            sku: line.sku,
            name: line.name.unwrap_or_default(),
            quantity: line.quantity,
            unit_price,
            tax: line.tax,
            discount: line.discount,
        };
        Ok(match product {
            Some(product) => snapshot(product, line),
            None => line,
        })
    }
}

/// Why a line is not sold at its price.
#[derive(Debug)]
enum Refused {
    /// The client's, and that of the catalogue.
    Mismatch(Price, Price),
    Unknown,
    /// Less a discount of the client's own.
    Discount,
}

impl Refused {
    /// The member of the line that it is about.
    const fn member(&self) -> &'static str {
        match self {
            Self::Mismatch(..) | Self::Unknown => "unit_price",
            Self::Discount => "discount",
        }
    }

    fn at(self, pointer: String) -> Rejection {
        match self {
            Self::Mismatch(given, current) => Rejection::PriceMismatch {
                pointer,
                given: given.into(),
                current: current.into(),
            },
            Self::Unknown => Rejection::PriceUnknown { pointer },
            Self::Discount => Rejection::DiscountNotAllowed {
                pointer,
                allowed: 0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::product::{self as published, ListPrice};

    fn sale(may_set: bool) -> Sale<'static> {
        Sale {
            platform: "web",
            currency: "GBP".parse().expect("known"),
            may_set,
        }
    }

    fn line(unit_price: Option<&str>) -> Line {
        Line {
            sku: "A".try_into().expect("valid"),
            name: None,
            quantity: 1,
            unit_price: unit_price.map(|price| price.parse().expect("valid")),
            tax: 0,
            discount: 0,
        }
    }

    fn lamp() -> Product {
        let price: Price = "2.55".parse().expect("valid");
        Product {
            now: Some(published::Product {
                sku: "A".into(),
                title: "Lamp".into(),
                weight_grams: None,
                dimensions: None,
                tax_class: None,
                requires_shipping: true,
                prices: vec![ListPrice {
                    platform: None,
                    currency: "GBP".into(),
                    unit_price: price.into(),
                }],
                archived: false,
            }),
        }
    }

    #[test]
    fn a_line_without_price_and_name_has_those_of_the_catalogue() {
        let priced = sale(false).line(line(None), Some(&lamp())).expect("known");
        assert_eq!(
            (&*priced.name, priced.unit_price),
            ("Lamp", Price::Minor(255))
        );
    }

    #[test]
    fn a_price_of_a_client_is_that_of_the_catalogue_or_the_client_may_set_it() {
        let lamp = lamp();
        assert!(sale(false).line(line(Some("2.55")), Some(&lamp)).is_ok());
        let refused = sale(false).line(line(Some("2.54")), Some(&lamp));
        let refused = refused
            .expect_err("another")
            .at("/lines/0/unit_price".into());
        assert_eq!(refused.code(), "price_mismatch");
        assert_eq!(refused.pointer().as_deref(), Some("/lines/0/unit_price"));
        assert!(sale(true).line(line(Some("2.54")), Some(&lamp)).is_ok());
        assert!(sale(true).line(line(Some("2.54")), None).is_ok());
        for may_set in [false, true] {
            let refused = sale(may_set).line(line(None), None).expect_err("none");
            assert_eq!(refused.at(String::new()).code(), "price_unknown");
        }
        assert!(sale(false).line(line(Some("2.55")), None).is_err());
    }

    #[test]
    fn a_discount_of_a_client_is_another_price() {
        let lamp = lamp();
        let discounted = |unit_price: Option<&str>| Line {
            discount: 1,
            ..line(unit_price)
        };
        for unit_price in [Some("2.55"), None] {
            let refused = sale(false).line(discounted(unit_price), Some(&lamp));
            let refused = refused.expect_err("less than it costs");
            assert_eq!(refused.member(), "discount");
            let refused = refused.at("/lines/0/discount".into());
            assert_eq!(refused.code(), "discount_not_allowed");
            assert_eq!(refused.pointer().as_deref(), Some("/lines/0/discount"));
            let sold = sale(true).line(discounted(unit_price), Some(&lamp));
            assert_eq!(sold.expect("may").discount, 1);
        }
    }
}
