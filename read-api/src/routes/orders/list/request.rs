//! What a list is asked for.

use super::{
    chosen::{Chosen, with_filters, with_other_filters},
    sort::Sort,
    totals::Totals,
};
use crate::{
    consistency::Consistency,
    cursor::{Cursors, Place, QueryHash},
    expand::Expand,
    fields::{self, Fields},
    filters::Choice,
    paging,
};
use actix_web::HttpRequest;
use infra::http::{Problem, Query};
use utoipa::IntoParams;

/// Parameters that do not choose orders.
const MORE: [&str; 8] = [
    "fields",
    "expand",
    "count",
    "facets",
    "sort",
    "limit",
    "cursor",
    "min_position",
];

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &with_filters::<34>(&MORE);

/// Those of the list of one customer's orders.
pub const OF_CUSTOMER: &[&str] = &with_other_filters::<33>(&MORE);

/// A list, as asked for.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// Which orders.
    pub chosen: Chosen,
    /// What is to be said of all of them.
    pub totals: Totals,
    /// What of each.
    pub fields: Option<Fields>,
    /// What beside that.
    pub expand: Expand,
    /// In which order.
    pub sort: Sort,
    /// How many, 1 to 200.
    pub limit: usize,
    /// From which one on, and which way; from the first one if not said.
    pub place: Option<Place>,
    /// How fresh.
    pub consistency: Consistency,
}

impl ListRequest {
    /// Reads the parameters of a request.
    pub async fn of(
        request: &HttpRequest,
        query: &Query,
        cursors: &Cursors,
    ) -> Result<Self, Problem> {
        let mut list = Self::first_page(request, query)?;
        list.turn(query, cursors).await?;
        Ok(list)
    }

    /// The same, without a cursor.
    pub fn first_page(request: &HttpRequest, query: &Query) -> Result<Self, Problem> {
        Self::first_page_but(request, query, &[])
    }

    /// The same, without filters that something else takes.
    pub fn first_page_but(
        request: &HttpRequest,
        query: &Query,
        taken: &[Choice],
    ) -> Result<Self, Problem> {
        Ok(Self {
            chosen: Chosen::of_but(query, taken)?,
            totals: Totals::of(query)?,
            fields: Fields::of(query, &fields::SUMMARY)?,
            expand: Expand::of(query)?,
            sort: Sort::of(query)?,
            limit: paging::limit(query)?,
            place: None,
            consistency: Consistency::of(request, query)?,
        })
    }

    /// Turns to the page that the parameter `cursor` names.
    pub async fn turn(&mut self, query: &Query, cursors: &Cursors) -> Result<(), Problem> {
        if let Some(cursor) = query.one("cursor")? {
            self.place = Some(cursors.open(self.hash(), cursor).await?);
        }
        Ok(())
    }

    /// What a cursor of this list belongs to: not its limit, which may change
    /// from page to page.
    pub fn hash(&self) -> QueryHash {
        let filters = self.chosen.canonical();
        QueryHash::of(&format!("orders\n{filters}sort={}", self.sort.canonical()))
    }

    /// Everything that decides what the answer is.
    pub fn canonical(&self) -> String {
        let (filters, sort) = (self.chosen.canonical(), self.sort.canonical());
        let fields = self.fields.as_ref().map(Fields::canonical);
        let fields = fields.unwrap_or_default() + &self.expand.canonical();
        let totals = self.totals.canonical() + &fields;
        format!(
            "orders\n{filters}{totals}{sort}\n{}\n{:?}",
            self.limit, self.place
        )
    }
}

/// The parameters beside the filters, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct ListParameters {
    /// How many orders the list has: `estimated` costs nothing, `exact` reads all of them
    #[param(example = "estimated")]
    count: Option<String>,
    /// How many of them have each value of some of `platform`, `status`, `payment_status`, `fulfillment_status`, `return_status`, `kind`, `country`, `currency`, separated by commas
    #[param(example = "status,platform")]
    facets: Option<String>,
    /// `created_at`, `placed_at`, `updated_at` or `total`, descending with `-` in front; ids break ties, in the same direction unless `,id` or `,-id` follows
    #[param(example = "-created_at")]
    sort: Option<String>,
}
