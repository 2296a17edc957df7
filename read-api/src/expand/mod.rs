//! `expand=`: answers with what belongs to an order beside it. What its document
//! has is cut out of it; histories and figures of customers take one statement
//! each, for however many orders.

mod members;
mod store;

use crate::fields::Fields;
use contracts::order::{Fulfillment, Line, Payment, Return, TimelineEntry};
use infra::http::{Problem, Query, query::invalid};
use members::{events_member, with_members, with_statistics};
use serde::Serialize;
use sqlx::PgPool;
use std::collections::{BTreeSet, HashMap};
use store::Figures;
use utoipa::ToSchema;
use uuid::Uuid;

/// Name of the parameter.
pub const PARAMETER: &str = "expand";
/// Most events of one order; the rest is a list of its own.
pub const MOST_EVENTS: usize = 25;

/// Something that belongs to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Lines,
    Payments,
    Fulfillments,
    Returns,
    Customer,
    Events,
}

impl Part {
    const ALL: [Self; 6] = [
        Self::Lines,
        Self::Payments,
        Self::Fulfillments,
        Self::Returns,
        Self::Customer,
        Self::Events,
    ];

    /// Name of the member.
    const fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Payments => "payments",
            Self::Fulfillments => "fulfillments",
            Self::Returns => "returns",
            Self::Customer => "customer",
            Self::Events => "events",
        }
    }

    /// Whether the document of the order has it.
    const fn is_stored(self) -> bool {
        !matches!(self, Self::Customer | Self::Events)
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expand(BTreeSet<Part>);

/// What belongs to orders beside their documents, read at once.
#[derive(Debug, Default)]
pub struct Related {
    customers: HashMap<Uuid, Vec<Figures>>,
    events: HashMap<Uuid, Vec<String>>,
}

/// What an order in a list has beside its summary, where it is asked for.
#[derive(Serialize, ToSchema)]
pub struct Parts {
    /// With `expand=lines`.
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<Line>>,
    /// With `expand=payments`.
    #[serde(skip_serializing_if = "Option::is_none")]
    payments: Option<Vec<Payment>>,
    /// With `expand=fulfillments`.
    #[serde(skip_serializing_if = "Option::is_none")]
    fulfillments: Option<Vec<Fulfillment>>,
    /// With `expand=returns`.
    #[serde(skip_serializing_if = "Option::is_none")]
    returns: Option<Vec<Return>>,
    /// With `expand=events`.
    #[serde(flatten)]
    events: History,
}

/// What an order has beside its document, where it is asked for.
#[derive(Serialize, ToSchema)]
pub struct History {
    /// With `expand=events`: the first 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<FirstEvents>,
}

/// How the history of an order begins.
#[derive(Serialize, ToSchema)]
struct FirstEvents {
    /// Oldest first.
    data: Vec<TimelineEntry>,
    /// Whether there are later ones: `/v1/orders/{id}/events?after=<version>`.
    has_more: bool,
}

impl Expand {
    /// The parameter `expand`: names, separated by commas.
    ///
    /// # Errors
    /// 400 for what does not belong to an order, with what does.
    pub fn of(query: &Query) -> Result<Self, Problem> {
        let part = |name: &str| {
            let found = Part::ALL.into_iter().find(|part| part.name() == name);
            found.ok_or_else(|| {
                let names = Part::ALL.map(Part::name).join(", ");
                invalid(PARAMETER, format!("has no {name}: may be some of {names}"))
            })
        };
        let parts = query.many(PARAMETER)?.into_iter().map(part);
        Ok(Self(parts.collect::<Result<_, _>>()?))
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether what is asked for is in documents of orders.
    pub fn takes_documents(&self) -> bool {
        self.0.iter().any(|part| part.is_stored())
    }

    /// The same text for the same question.
    pub fn canonical(&self) -> String {
        let names: Vec<_> = self.0.iter().map(|part| part.name()).collect();
        format!("{PARAMETER}={}\n", names.join(","))
    }

    /// Reads what is not in the documents of these orders, each up to its
    /// version: one statement for each kind that is asked for.
    pub async fn read(
        &self,
        views: &PgPool,
        orders: &[(Uuid, i64)],
    ) -> Result<Related, sqlx::Error> {
        let mut related = Related::default();
        if self.0.contains(&Part::Customer) {
            related.customers = store::customers(views, orders).await?;
        }
        if self.0.contains(&Part::Events) {
            related.events = store::events(views, orders).await?;
        }
        Ok(related)
    }

    /// The answer `json` about an order, with what is asked for of its
    /// `stored` JSON, in which all of that is, and of what was read.
    ///
    /// # Errors
    /// 500 where something stored is no JSON.
    pub fn write(
        &self,
        id: Uuid,
        (json, stored): (&str, &str),
        related: &Related,
    ) -> Result<String, Problem> {
        let kept = self.0.iter().filter(|part| part.is_stored());
        let kept = Fields::named(kept.map(|part| part.name()));
        let mut members = vec![kept.of_stored(stored)?];
        if self.0.contains(&Part::Customer) {
            let customer = Fields::named([Part::Customer.name()]).of_stored(stored)?;
            let figures = related.figures(id).map_err(Problem::internal)?;
            members.push(with_statistics(&customer, &figures));
        }
        if self.0.contains(&Part::Events) {
            let events = related.events.get(&id);
            members.push(events_member(events.map_or(&[], Vec::as_slice)));
        }
        with_members(json, &members).map_err(Problem::internal)
    }
}

impl Related {
    /// What an answer depends on beside the versions of its orders: histories
    /// do not.
    ///
    /// # Errors
    /// 500 where figures cannot be written.
    pub fn canonical(&self, id: Uuid) -> Result<String, Problem> {
        self.figures(id).map_err(Problem::internal)
    }

    fn figures(&self, id: Uuid) -> Result<String, serde_json::Error> {
        let figures = self.customers.get(&id);
        serde_json::to_string(figures.map_or(&[][..], Vec::as_slice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn expand(text: &str) -> Result<Expand, String> {
        let request = TestRequest::with_uri(&format!("/?expand={text}")).to_http_request();
        let query = Query::of(&request, &[PARAMETER]).map_err(|p| p.to_string())?;
        Expand::of(&query).map_err(|p| p.to_string())
    }

    const STORED: &str = r#"{"id":"x","lines":[{"n":1e2}],"payments":[],"customer":{"id":"c"}}"#;

    #[test]
    fn what_is_stored_is_cut_out_as_it_is() {
        let lines = expand("lines,events").expect("known");
        let mut related = Related::default();
        let id = Uuid::nil();
        related.events.insert(id, vec!["1".into(), "2".into()]);
        let written = lines.write(id, (r#"{"id":"x"}"#, STORED), &related);
        assert_eq!(
            written.ok().as_deref(),
            Some(r#"{"id":"x","lines":[{"n":1e2}],"events":{"data":[1,2],"has_more":false}}"#)
        );
    }

    #[test]
    fn what_is_there_already_is_there_once() {
        let all = expand("customer,lines").expect("known");
        let written = all.write(Uuid::nil(), (STORED, STORED), &Related::default());
        assert_eq!(
            written.ok().as_deref(),
            Some(
                r#"{"id":"x","payments":[],"lines":[{"n":1e2}],"customer":{"id":"c","statistics":[]}}"#
            )
        );
    }

    #[test]
    fn what_is_not_known_is_named_with_what_is() {
        let error = expand("lines,notes").expect_err("unknown");
        assert!(
            error.contains("notes") && error.contains("fulfillments"),
            "{error}"
        );
        assert!(expand("").is_err() && expand("lines.sku").is_err());
        assert_eq!(expand("events,lines"), expand("lines&expand=events"));
    }
}
