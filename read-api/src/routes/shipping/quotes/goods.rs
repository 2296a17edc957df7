//! What is asked for, as the platform and the catalogue know it.

use super::{
    refused::{not_for_platform, platform_not_found, prices_unknown, refused},
    request::QuoteRequest,
};
use contracts::{platform::Platform, product::Product};
use domain::{
    money::Price,
    platform::{Origin, PlatformRules},
    product::price_on,
    shipping::{Basket, BasketLine, PricedLine},
    text::Slug,
};
use infra::{
    config::Config,
    http::Problem,
    platforms::{Platforms, UnknownPlatform},
};
use std::collections::HashMap;

/// Products by SKU.
pub type Products = HashMap<String, Product>;

/// A basket with its prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goods {
    /// All its lines.
    pub lines: Vec<PricedLine>,
    /// What of it goes into parcels; none where nothing does.
    pub basket: Option<Basket>,
}

/// What becomes of platforms that nobody has saved.
#[derive(Debug, Clone)]
pub struct Unsaved {
    /// How those are treated that the configuration knows.
    configured: Platforms,
    /// What becomes of others.
    unknown: UnknownPlatform,
}

impl Unsaved {
    /// As configured.
    pub fn new(config: &Config) -> Self {
        Self {
            configured: config.platforms.clone(),
            unknown: config.unknown_platform,
        }
    }

    /// The rules of one of them, as an order of it would be decided by.
    fn rules(&self, slug: &Slug) -> Result<PlatformRules, Problem> {
        if !self.configured.knows(slug) && self.unknown == UnknownPlatform::Refuse {
            return Err(platform_not_found(slug));
        }
        Ok(PlatformRules {
            prices_include_tax: self.configured.get(slug).prices_include_tax,
            ..PlatformRules::unknown(slug.clone())
        })
    }
}

/// The rules of the platform, which is there in a version, if it takes such
/// orders.
///
/// # Errors
/// `platform_not_found`, `platform_archived`, `platform_inactive`,
/// `platform_currency`.
pub fn rules(
    asked: &QuoteRequest,
    platform: Option<(i64, &Platform)>,
    unsaved: &Unsaved,
) -> Result<PlatformRules, Problem> {
    let rules = match platform {
        Some((version, platform)) => PlatformRules::of(platform, version),
        None => unsaved.rules(&asked.platform)?,
    };
    let taken = rules.takes(Origin::Here);
    let taken = taken.and_then(|()| rules.takes_currency(asked.currency, Origin::Here));
    taken.map_err(|refusal| not_for_platform(&refusal))?;
    Ok(rules)
}

impl Goods {
    /// Prices are those of the request, else those of the catalogue. Weights are
    /// the catalogue's: one that it does not know is unknown. What goes into no
    /// parcel is not shipped: no method looks at it.
    ///
    /// # Errors
    /// `price_unknown`; a basket that could not be ordered.
    pub fn of(
        asked: &QuoteRequest,
        rules: &PlatformRules,
        products: &Products,
    ) -> Result<Self, Problem> {
        let (currency, lines) = (asked.currency, priced(asked, products)?);
        let mut shipped = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            let amount = line.amount(index, currency);
            let amount = amount.map_err(|rejection| refused(&rejection))?;
            let product = products.get(&*line.sku);
            if product.is_none_or(|product| product.requires_shipping) {
                shipped.push(BasketLine {
                    sku: line.sku.clone(),
                    quantity: line.quantity,
                    amount,
                    weight_grams: product.and_then(|product| product.weight_grams),
                });
            }
        }
        if shipped.is_empty() {
            let basket = None;
            return Ok(Self { lines, basket });
        }
        let (platform, included) = (asked.platform.clone(), rules.prices_include_tax);
        let basket = Basket::new(platform, currency, included, shipped);
        let basket = Some(basket.map_err(|rejection| refused(&rejection))?);
        Ok(Self { lines, basket })
    }
}

fn priced(asked: &QuoteRequest, products: &Products) -> Result<Vec<PricedLine>, Problem> {
    let catalogue = |sku: &str| -> Option<Price> {
        price_on(products.get(sku)?, &asked.platform, asked.currency)
    };
    let (mut lines, mut unknown) = (Vec::with_capacity(asked.lines.len()), Vec::new());
    for (index, line) in asked.lines.iter().enumerate() {
        let Some(unit_price) = line.unit_price.or_else(|| catalogue(&line.sku)) else {
            unknown.push(index);
            continue;
        };
        lines.push(PricedLine {
            sku: line.sku.clone(),
            quantity: line.quantity,
            unit_price,
            discount: line.discount,
        });
    }
    if unknown.is_empty() {
        Ok(lines)
    } else {
        Err(prices_unknown(&unknown, &asked.platform, asked.currency))
    }
}
