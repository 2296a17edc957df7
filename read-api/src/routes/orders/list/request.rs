//! What a list is asked for.

use super::{sort::Sort, totals::Totals};
use crate::{
    consistency::Consistency,
    cursor::{Cursors, Keyset, QueryHash},
    fields::{self, Fields},
    filters::{
        ARCHIVED, Allowed, BALANCE_DUE, COUNTRY, CREATED, CURRENCY, CUSTOMER, EXTERNAL_ID,
        FULFILLMENT_STATUS, Filters, HAS_HOLD, KIND, PAYMENT_STATUS, PLACED, PLATFORM,
        RETURN_STATUS, SKU, STATUS, TAG, TOTAL, UPDATED,
    },
    paging,
};
use actix_web::HttpRequest;
use contracts::order::{FulfillmentStatus, Kind, OrderStatus, PaymentStatus, ReturnStatus};
use infra::http::{Problem, Query};
use utoipa::IntoParams;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &[
    "platform",
    "status",
    "payment_status",
    "fulfillment_status",
    "return_status",
    "kind",
    "country",
    "currency",
    "customer",
    "external_id",
    "tag",
    "sku",
    "created_from",
    "created_to",
    "placed_from",
    "placed_to",
    "updated_from",
    "updated_to",
    "total_min",
    "total_max",
    "balance_due_min",
    "balance_due_max",
    "archived",
    "has_hold",
    "fields",
    "count",
    "facets",
    "sort",
    "limit",
    "cursor",
    "min_position",
];

const ALLOWED: Allowed = Allowed {
    choices: &[
        PLATFORM,
        STATUS,
        PAYMENT_STATUS,
        FULFILLMENT_STATUS,
        RETURN_STATUS,
        KIND,
        COUNTRY,
        CURRENCY,
        CUSTOMER,
        EXTERNAL_ID,
        TAG,
        SKU,
    ],
    times: &[CREATED, PLACED, UPDATED],
    amounts: &[TOTAL, BALANCE_DUE],
    flags: &[ARCHIVED, HAS_HOLD],
};

/// A list, as asked for.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// Which orders.
    pub filters: Filters,
    /// What is to be said of all of them.
    pub totals: Totals,
    /// What of each.
    pub fields: Option<Fields>,
    /// In which order.
    pub sort: Sort,
    /// How many, 1 to 200.
    pub limit: usize,
    /// After which one.
    pub after: Option<Keyset>,
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
        if let Some(cursor) = query.one("cursor")? {
            list.after = Some(cursors.open(list.hash(), cursor).await?);
        }
        Ok(list)
    }

    /// The same, without a cursor.
    pub fn first_page(request: &HttpRequest, query: &Query) -> Result<Self, Problem> {
        Ok(Self {
            filters: Filters::of(query, &ALLOWED)?,
            totals: Totals::of(query)?,
            fields: Fields::of(query, &fields::SUMMARY)?,
            sort: Sort::of(query)?,
            limit: paging::limit(query)?,
            after: None,
            consistency: Consistency::of(request, query)?,
        })
    }

    /// What a cursor of this list belongs to: not its limit, which may change
    /// from page to page.
    pub fn hash(&self) -> QueryHash {
        let filters = self.filters.canonical();
        QueryHash::of(&format!("orders\n{filters}sort={}", self.sort.canonical()))
    }

    /// Everything that decides what the answer is.
    pub fn canonical(&self) -> String {
        let (filters, sort) = (self.filters.canonical(), self.sort.canonical());
        let fields = self.fields.as_ref().map(Fields::canonical);
        let totals = self.totals.canonical() + &fields.unwrap_or_default();
        format!(
            "orders\n{filters}{totals}{sort}\n{}\n{:?}",
            self.limit, self.after
        )
    }
}

/// The parameters, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct ListParameters {
    /// Slug of the sales channel
    #[param(example = "web")]
    platform: Option<String>,
    /// Order axis
    #[param(inline)]
    status: Option<OrderStatus>,
    /// Payment axis
    #[param(inline)]
    payment_status: Option<PaymentStatus>,
    /// Fulfilment axis
    #[param(inline)]
    fulfillment_status: Option<FulfillmentStatus>,
    /// Return axis
    #[param(inline)]
    return_status: Option<ReturnStatus>,
    /// Sale, credit or adjustment
    #[param(inline)]
    kind: Option<Kind>,
    /// ISO 3166-1 alpha-2; `ZZ` where it is not known
    #[param(example = "GB")]
    country: Option<String>,
    /// ISO 4217
    #[param(example = "GBP")]
    currency: Option<String>,
    /// The channel's own id of the customer
    customer: Option<String>,
    /// The channel's own id of the order
    external_id: Option<String>,
    /// A label that the order has
    tag: Option<String>,
    /// Stock keeping unit of one of its lines
    sku: Option<String>,
    /// First recorded at this time or later; RFC 3339, or a date for its first moment in UTC
    #[param(example = "2026-01-01")]
    created_from: Option<String>,
    /// First recorded before this time
    #[param(example = "2026-02-01T00:00:00Z")]
    created_to: Option<String>,
    /// Business time is this one or later; drafts have none
    placed_from: Option<String>,
    /// Business time is before this one
    placed_to: Option<String>,
    /// Last changed at this time or later
    updated_from: Option<String>,
    /// Last changed before this time
    updated_to: Option<String>,
    /// Costs this much or more, in minor units of its own currency
    total_min: Option<i64>,
    /// Costs this much or less
    total_max: Option<i64>,
    /// So much or more is still to be paid, in minor units of its own currency
    balance_due_min: Option<i64>,
    /// So much or less is still to be paid; negative: to be given back
    balance_due_max: Option<i64>,
    /// Whether it is archived
    archived: Option<bool>,
    /// Whether a hold is on
    has_hold: Option<bool>,
    /// How many orders the list has: `estimated` costs nothing, `exact` reads all of them
    #[param(example = "estimated")]
    count: Option<String>,
    /// How many of them have each value of some of `platform`, `status`, `payment_status`, `fulfillment_status`, `return_status`, `kind`, `country`, `currency`, separated by commas
    #[param(example = "status,platform")]
    facets: Option<String>,
    /// `created_at`, `placed_at`, `updated_at` or `total`, descending with `-` in front; ids break ties
    #[param(example = "-created_at")]
    sort: Option<String>,
}
