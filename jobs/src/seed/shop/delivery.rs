//! How parcels are sent, and what that costs: by the engine that quotes.

use super::Person;
use crate::seed::SeedError;
use contracts::shipping::{method::ShippingMethod, zone::ShippingZone};
use domain::{
    money::Currency,
    shipping::{Basket, BasketLine, Method, Offer, Zone, quote},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Zones and methods: an id, and all else as `PUT` takes it.
pub struct Delivery {
    /// Where to.
    pub zones: Vec<(String, Value)>,
    /// How.
    pub methods: Vec<(String, Value)>,
    engine: (Vec<Zone>, Vec<Method>),
}

/// What is to be sent.
pub struct Parcel<'a> {
    /// To whom.
    pub to: &'a Person<'a>,
    /// Currency of its amounts.
    pub currency: Currency,
    /// What is in it: nothing that needs no shipping.
    pub lines: Vec<BasketLine>,
}

impl Delivery {
    /// All of it.
    pub fn new() -> Result<Self, SeedError> {
        let zones: Vec<Value> = serde_json::from_str(include_str!("zones.json"))?;
        let methods: Vec<Value> = serde_json::from_str(include_str!("methods.json"))?;
        let of = |zone: &Value| Ok(Zone::read(&published::<ShippingZone>(zone)?)?);
        let by = |method: &Value| Ok(Method::read(&published::<ShippingMethod>(method)?)?);
        let engine = (
            zones.iter().map(of).collect::<Result<_, SeedError>>()?,
            methods.iter().map(by).collect::<Result<_, SeedError>>()?,
        );
        Ok(Self {
            zones: zones.into_iter().map(named).collect(),
            methods: methods.into_iter().map(named).collect(),
            engine,
        })
    }

    /// How a parcel can be sent, the cheapest way first; nothing to send is not
    /// sent.
    ///
    /// # Errors
    /// A parcel that cannot be one.
    pub fn offers(&self, parcel: Parcel<'_>) -> Result<Vec<Offer>, SeedError> {
        if parcel.lines.is_empty() {
            return Ok(Vec::new());
        }
        let platform = parcel.to.platform;
        let basket = Basket::new(
            platform.slug.clone(),
            parcel.currency,
            platform.prices_include_tax(),
            parcel.lines,
        )?;
        let (zones, methods) = &self.engine;
        Ok(quote(&basket, &parcel.to.destination(), zones, methods).offers)
    }
}

/// As it is published, in use.
fn published<T: DeserializeOwned>(saved: &Value) -> Result<T, SeedError> {
    let mut saved = saved.clone();
    if let Value::Object(members) = &mut saved {
        members.insert("archived".to_owned(), false.into());
        members.entry("rest_of_world").or_insert(false.into());
    }
    Ok(serde_json::from_value(saved)?)
}

/// Its id, and the rest of it.
fn named(mut saved: Value) -> (String, Value) {
    let id = saved
        .as_object_mut()
        .and_then(|members| members.remove("id"));
    let id = id.as_ref().and_then(Value::as_str).unwrap_or_default();
    (id.to_owned(), saved)
}
