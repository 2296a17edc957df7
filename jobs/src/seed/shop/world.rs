//! Where customers live, and what they are called.

use crate::seed::{SeedError, draw::Draw};
use domain::{
    country,
    money::{Currency, Percent},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A country.
#[derive(Debug, Deserialize)]
pub struct Country {
    /// ISO 3166-1 alpha-2.
    pub code: country::Country,
    /// What is paid with there, where a platform leaves it open.
    pub currency: Currency,
    /// Tax on most things.
    pub standard: Percent,
    /// Tax on books and food.
    pub reduced: Percent,
    /// Who carries parcels there.
    pub carrier: String,
    /// How people are called there.
    tongue: String,
    /// How a street and a number are written.
    line: String,
    streets: Vec<String>,
    /// City, region or nothing, pattern of postal codes.
    cities: Vec<(String, String, String)>,
}

/// Names that people have.
#[derive(Debug, Deserialize)]
struct Names {
    first: Vec<String>,
    last: Vec<String>,
}

/// A place in a country.
pub struct Place {
    /// Street and number.
    pub line1: String,
    /// City.
    pub city: String,
    /// Code of the region, where addresses have one.
    pub region: Option<String>,
    /// Postal code, where there are such.
    pub postal_code: Option<String>,
}

/// Countries, and names.
pub struct World {
    countries: BTreeMap<String, Country>,
    names: BTreeMap<String, Names>,
}

impl World {
    /// All of it.
    pub fn new() -> Result<Self, SeedError> {
        let countries: Vec<Country> = serde_json::from_str(include_str!("countries.json"))?;
        let countries = countries.into_iter();
        Ok(Self {
            countries: countries.map(|c| (c.code.code().to_owned(), c)).collect(),
            names: serde_json::from_str(include_str!("names.json"))?,
        })
    }

    /// The country of this code.
    pub fn country(&self, code: &str) -> Result<&Country, SeedError> {
        let none = || SeedError::Data(format!("nobody lives in {code}").into());
        self.countries.get(code).ok_or_else(none)
    }

    /// First and last name of somebody who lives there.
    pub fn name(&self, country: &Country, draw: &mut Draw) -> (&str, &str) {
        match self.names.get(&country.tongue) {
            Some(names) => (
                draw.of(&names.first).as_str(),
                draw.of(&names.last).as_str(),
            ),
            None => ("Robin", "Doe"),
        }
    }
}

impl Country {
    /// Somewhere in it.
    pub fn place(&self, draw: &mut Draw) -> Place {
        let (city, region, postal) = draw.of(&self.cities);
        let street = draw.of(&self.streets);
        let line = self.line.replace("{street}", street);
        let number = draw.between(1, 94).to_string();
        Place {
            line1: line.replace("{n}", &number),
            city: city.clone(),
            region: (!region.is_empty()).then(|| region.clone()),
            postal_code: (!postal.is_empty()).then(|| draw.filled(postal)),
        }
    }
}
