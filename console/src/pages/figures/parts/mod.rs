//! The parts of the page: what each asks the API, and what it makes of the answer.

pub mod cohorts;
pub mod funnel;
pub mod groups;
pub mod lists;
pub mod series;

use super::{asked::Asked, call::Call, table::Table, zone::Zone};
use crate::{Failure, api::Client, locale::Locale};
use maud::Markup;

/// What all parts are shown with.
pub struct Scene<'a> {
    /// What was asked for.
    pub asked: &'a Asked,
    /// The currency of amounts.
    pub currency: &'a str,
    /// Whose days are meant.
    pub zone: Zone,
    /// How the viewer writes numbers.
    pub locale: &'a Locale,
}

/// A part, as it is shown.
pub struct Shown {
    /// Its picture.
    pub picture: Markup,
    /// The same as a table.
    pub table: Table,
}

/// A part of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// One measure over time.
    Series,
    /// By sales channel.
    Platforms,
    /// By country.
    Countries,
    /// By currency.
    Currencies,
    /// What sells best.
    Products,
    /// Who orders most.
    Customers,
    /// How far orders come.
    Funnel,
    /// What becomes of customers.
    Cohorts,
}

impl Part {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 8] = [
        Self::Series,
        Self::Platforms,
        Self::Countries,
        Self::Currencies,
        Self::Products,
        Self::Customers,
        Self::Funnel,
        Self::Cohorts,
    ];

    /// Its id on the page, and the name of its file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Series => "series",
            Self::Platforms => "platforms",
            Self::Countries => "countries",
            Self::Currencies => "currencies",
            Self::Products => "products",
            Self::Customers => "customers",
            Self::Funnel => "funnel",
            Self::Cohorts => "cohorts",
        }
    }

    /// Its heading.
    pub fn title(self, asked: &Asked) -> String {
        match self {
            Self::Series => format!(
                "{} by {}",
                asked.measure.title(),
                asked.interval.title().to_lowercase()
            ),
            Self::Platforms => "By platform".to_owned(),
            Self::Countries => "By country".to_owned(),
            Self::Currencies => "By currency".to_owned(),
            Self::Products => "Top products".to_owned(),
            Self::Customers => "Top customers".to_owned(),
            Self::Funnel => "Funnel".to_owned(),
            Self::Cohorts => "Cohorts".to_owned(),
        }
    }

    /// What its picture means, where that does not say itself.
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Series => Some("Columns are of these days, lines of the range before."),
            Self::Funnel => Some("Sales of all currencies."),
            Self::Cohorts => Some(
                "A row is of the customers whose first sale was in that month: which part of them \
                 ordered so many months later.",
            ),
            _ => None,
        }
    }

    /// The one of this name.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.word() == word)
    }

    /// What it asks the API.
    pub fn call(self, scene: &Scene<'_>) -> Call {
        match self {
            Self::Series => series::call(scene),
            Self::Platforms => groups::call(scene, groups::Group::Platform),
            Self::Countries => groups::call(scene, groups::Group::Country),
            Self::Currencies => groups::call(scene, groups::Group::Currency),
            Self::Products => lists::products_call(scene),
            Self::Customers => lists::customers_call(scene),
            Self::Funnel => funnel::call(scene),
            Self::Cohorts => cohorts::call(scene),
        }
    }

    /// Asks it, and makes of the answer what is shown.
    ///
    /// # Errors
    /// Whatever the API says instead.
    pub async fn shown(
        self,
        call: &Call,
        client: &Client,
        scene: &Scene<'_>,
    ) -> Result<Shown, Failure> {
        Ok(match self {
            Self::Series => series::shown(&call.ask(client).await?, scene),
            Self::Platforms => {
                groups::shown(&call.ask(client).await?, scene, groups::Group::Platform)
            }
            Self::Countries => {
                groups::shown(&call.ask(client).await?, scene, groups::Group::Country)
            }
            Self::Currencies => {
                groups::shown(&call.ask(client).await?, scene, groups::Group::Currency)
            }
            Self::Products => lists::products(&call.ask(client).await?, scene),
            Self::Customers => lists::customers(&call.ask(client).await?, scene),
            Self::Funnel => funnel::shown(&call.ask(client).await?, scene),
            Self::Cohorts => cohorts::shown(&call.ask(client).await?, scene),
        })
    }
}

impl Scene<'_> {
    fn table(
        &self,
        caption: impl Into<String>,
        heads: &[(&'static str, &'static str)],
        rows: Vec<Vec<super::table::Value>>,
    ) -> Table {
        let heads = heads.iter();
        let heads = heads.map(|&(name, title)| super::table::Head { name, title });
        Table {
            caption: caption.into(),
            currency: Some(self.currency.to_owned()),
            heads: heads.collect(),
            rows,
        }
    }
}
