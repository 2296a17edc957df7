//! What is sold. A product is made of its number whenever it is asked for, so a
//! catalogue of any size takes no memory.

use super::Country;
use crate::seed::{
    SeedError,
    draw::{Draw, Of},
};
use domain::{
    money::{Currency, Percent, Price},
    text::Id,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Currencies of prices, and what a hundred pence are in their minor units.
const CURRENCIES: [(&str, i64); 6] = [
    ("GBP", 100),
    ("EUR", 120),
    ("USD", 130),
    ("CHF", 115),
    ("JPY", 190),
    ("BHD", 480),
];
/// The platform that has a price list of its own, and how many of a hundred
/// products are on it.
const OWN_PRICES: (&str, u32) = ("fernwick-market", 40);

/// How something is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxClass {
    /// As most things are.
    #[default]
    Standard,
    /// Books and food.
    Reduced,
    /// Not at all: it is taxed when it is spent.
    Zero,
}

impl TaxClass {
    /// The tax on it there.
    pub const fn rate(self, country: &Country) -> Option<Percent> {
        match self {
            Self::Standard => Some(country.standard),
            Self::Reduced => Some(country.reduced),
            Self::Zero => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Reduced => "reduced",
            Self::Zero => "zero",
        }
    }
}

/// A kind of product.
#[derive(Debug, Deserialize)]
struct Ware {
    code: String,
    noun: String,
    /// Materials that it is made of; none: each has a number instead.
    #[serde(default)]
    of: Vec<String>,
    pence: i64,
    /// Tenths of a penny beyond them.
    #[serde(default)]
    tenths: i64,
    grams: i64,
    size: [i64; 3],
    #[serde(default)]
    class: TaxClass,
    /// How many are usually taken together.
    #[serde(default = "one")]
    by_the: i64,
    /// Nothing of it goes into a parcel.
    #[serde(default)]
    digital: bool,
}

const fn one() -> i64 {
    1
}

#[derive(Debug, Deserialize)]
struct Words {
    colours: Vec<String>,
    wares: Vec<Ware>,
}

/// What is sold.
pub struct Catalogue {
    words: Words,
    currencies: Vec<(Currency, i64)>,
    /// How many products there are.
    pub count: u64,
}

/// One of them.
pub struct Product {
    /// Stock keeping unit.
    pub sku: Id,
    /// What it is called.
    pub title: String,
    /// What one weighs; none: nothing goes into a parcel.
    pub grams: Option<i64>,
    /// How it is taxed.
    pub class: TaxClass,
    /// How many are usually taken together.
    pub by_the: i64,
    size: [i64; 3],
    /// In tenths of a penny.
    tenths: i64,
    /// What the platform of [`OWN_PRICES`] adds, in percent.
    own: Option<i64>,
}

impl Catalogue {
    /// So many products.
    pub fn new(count: u64) -> Result<Self, SeedError> {
        let currencies = CURRENCIES.map(|(code, rate)| Ok((code.parse()?, rate)));
        let words: Words = serde_json::from_str(include_str!("wares.json"))?;
        for ware in &words.wares {
            Id::try_from(&*ware.code)?;
        }
        Ok(Self {
            words,
            currencies: currencies.into_iter().collect::<Result<_, SeedError>>()?,
            count,
        })
    }

    /// Product number `index`, from 0: the first ones sell best.
    pub fn product(&self, index: u64) -> Result<Product, SeedError> {
        let wares = &self.words.wares;
        let place = usize::try_from(index).unwrap_or_default();
        let (ware, round) = (&wares[place % wares.len()], place / wares.len());
        let mut draw = Draw::new(0, Of::Product, index);
        let percent = if ware.tenths > 0 {
            100
        } else {
            draw.between(70, 150)
        };
        Ok(Product {
            sku: Id::try_from(format!("{}-{:05}", ware.code, index + 1))?,
            title: self.title(ware, round),
            grams: (!ware.digital).then_some(ware.grams * draw.between(85, 120) / 100),
            class: ware.class,
            by_the: ware.by_the,
            size: ware.size,
            tenths: (ware.pence * 10 + ware.tenths) * percent / 100,
            own: draw.chance(OWN_PRICES.1).then(|| draw.between(3, 9)),
        })
    }

    /// What a ware is called the `round`th time that it comes: each goes through
    /// all of its colours and materials before one comes again.
    fn title(&self, ware: &Ware, round: usize) -> String {
        let (colours, materials) = (&self.words.colours, &ware.of);
        if materials.is_empty() {
            return format!("{} no. {}", ware.noun, round + 1);
        }
        let (colour, turn) = (&colours[round % colours.len()], round / colours.len());
        let material = &materials[(round + turn) % materials.len()];
        let title = format!("{material} {}, {colour}", ware.noun);
        match turn / materials.len() {
            0 => title,
            series => format!("{title}, series {}", series + 1),
        }
    }
}

impl Product {
    /// What one costs on a platform.
    pub fn price(
        &self,
        catalogue: &Catalogue,
        platform: &str,
        currency: Currency,
    ) -> Option<Price> {
        let mut rates = catalogue.currencies.iter();
        let (_, rate) = rates.find(|(known, _)| *known == currency)?;
        let own = self.own.filter(|_| platform == OWN_PRICES.0);
        Some(self.in_currency(currency, *rate, own.unwrap_or_default()))
    }

    /// Rounded as price lists are; what is cheaper than that has more digits
    /// than its currency, where that has any.
    fn in_currency(&self, currency: Currency, rate: i64, more: i64) -> Price {
        let thousandth = self.tenths * rate * (100 + more) / 10_000;
        let exact = thousandth / 10;
        let exponent = currency.exponent();
        match exponent {
            2 if self.tenths < 500 => Price::Major {
                mantissa: thousandth.max(1),
                scale: 3,
            },
            2 if exact >= 2_000 => Price::Minor((exact + 50) / 100 * 100 - 5),
            2 => Price::Minor(exact / 10 * 10 + 9),
            0 if exact >= 1_000 => Price::Minor((exact + 50) / 100 * 100 - 20),
            0 => Price::Minor(exact.max(10) / 10 * 10),
            _ => Price::Minor(exact.max(50) / 50 * 50),
        }
    }

    /// As `PUT /v1/products/{sku}` takes it.
    pub fn body(&self, catalogue: &Catalogue) -> Value {
        let price = |platform: Option<&str>, (currency, rate): &(Currency, i64)| {
            let more = platform.and(self.own).unwrap_or_default();
            let unit_price = self.in_currency(*currency, *rate, more);
            let mut price = json!({"currency": currency.code(), "unit_price": unit_price});
            if let Some(platform) = platform {
                price["platform"] = platform.into();
            }
            price
        };
        let of_all = catalogue.currencies.iter().map(|known| price(None, known));
        let own = catalogue.currencies.iter().filter(|_| self.own.is_some());
        let own = own.map(|known| price(Some(OWN_PRICES.0), known));
        let prices: Vec<Value> = of_all.chain(own).collect();
        let mut body = json!({
            "title": self.title,
            "tax_class": self.class.name(),
            "requires_shipping": self.grams.is_some(),
            "prices": prices,
        });
        if let Some(grams) = self.grams {
            let [length, width, height] = self.size;
            body["weight_grams"] = grams.into();
            body["dimensions"] =
                json!({"length_mm": length, "width_mm": width, "height_mm": height});
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_products_are_called_the_same() {
        let catalogue = Catalogue::new(5_000).expect("a catalogue");
        let products = (0..5_000).map(|index| catalogue.product(index).expect("a product"));
        let told: BTreeSet<_> = products.map(|product| product.title).collect();
        assert_eq!(told.len(), 5_000);
    }

    #[test]
    fn prices_look_like_prices() {
        let catalogue = Catalogue::new(200).expect("a catalogue");
        let mut fine = 0;
        for index in 0..200 {
            let product = catalogue.product(index).expect("a product");
            for (currency, _) in &catalogue.currencies {
                let price = product.price(&catalogue, "fernwick-uk", *currency);
                match price.expect("a price") {
                    Price::Minor(minor) => assert!(minor > 0, "{}", product.title),
                    Price::Major { mantissa, .. } => {
                        assert!(mantissa > 0, "{}", product.title);
                        fine += 1;
                    }
                }
            }
        }
        assert!(fine > 0, "no price has more digits than its currency");
    }

    #[test]
    fn what_a_platform_asks_is_in_its_price_list() {
        let catalogue = Catalogue::new(40).expect("a catalogue");
        for index in 0..40 {
            let product = catalogue.product(index).expect("a product");
            let body = product.body(&catalogue);
            let prices = body["prices"].as_array().expect("prices");
            for (currency, _) in &catalogue.currencies {
                let of = |platform: &str| {
                    let here = |price: &&Value| {
                        price["currency"] == currency.code() && price["platform"] == platform
                    };
                    let anywhere = |price: &&Value| {
                        price["currency"] == currency.code() && price["platform"].is_null()
                    };
                    let mut all = prices.iter();
                    let own = all.find(here).or_else(|| prices.iter().find(anywhere));
                    own.map(|price| price["unit_price"].clone())
                };
                for platform in ["fernwick-uk", OWN_PRICES.0] {
                    let asked = product.price(&catalogue, platform, *currency);
                    let asked = serde_json::to_value(asked).expect("JSON");
                    assert_eq!(of(platform), Some(asked), "{}", product.sku);
                }
            }
        }
    }
}
