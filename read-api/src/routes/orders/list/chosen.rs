//! Which orders a list or an export is about.

use crate::filters::{
    ARCHIVED, Allowed, BALANCE_DUE, COUNTRY, CREATED, CURRENCY, CUSTOMER, Choice, EXTERNAL_ID,
    FULFILLMENT_STATUS, Filters, HAS_HOLD, HAS_OPEN_RETURN, KIND, PAYMENT_STATUS, PLACED, PLATFORM,
    RETURN_STATUS, SKU, STATUS, TAG, TOTAL, Text, UPDATED,
};
use contracts::order::{FulfillmentStatus, Kind, OrderStatus, PaymentStatus, ReturnStatus};
use infra::http::{Problem, Query};
use sqlx::{PgPool, Postgres, QueryBuilder};
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};

/// Parameters that say whose orders.
const WHOSE: [&str; 2] = ["platform", "customer"];

/// Other parameters that choose orders.
const FILTERS: [&str; 24] = [
    "status",
    "payment_status",
    "fulfillment_status",
    "return_status",
    "kind",
    "country",
    "currency",
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
    "has_open_return",
    "q",
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
    flags: &[ARCHIVED, HAS_HOLD, HAS_OPEN_RETURN],
};

/// The parameters of a route: those that choose orders, and `more`.
pub const fn with_filters<const N: usize>(more: &[&'static str]) -> [&'static str; N] {
    joined([&WHOSE, &FILTERS, more])
}

/// The same of a route about one customer's orders, whom a path names, and
/// `platform` where that is not enough.
pub const fn with_other_filters<const N: usize>(more: &[&'static str]) -> [&'static str; N] {
    joined([&["platform"], &FILTERS, more])
}

const fn joined<const N: usize>(parts: [&[&'static str]; 3]) -> [&'static str; N] {
    let mut names = [""; N];
    let (mut part, mut at) = (0, 0);
    while part < parts.len() {
        let mut next = 0;
        while next < parts[part].len() {
            names[at] = parts[part][next];
            next += 1;
            at += 1;
        }
        part += 1;
    }
    assert!(at == N);
    names
}

/// Orders, as asked for.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// What they are.
    pub filters: Filters,
    /// What they have somewhere.
    pub text: Option<Text>,
}

impl Chosen {
    /// Reads the filters of a query.
    pub fn of(query: &Query) -> Result<Self, Problem> {
        Self::of_but(query, &[])
    }

    /// The same, without filters that something else takes.
    pub fn of_but(query: &Query, taken: &[Choice]) -> Result<Self, Problem> {
        Ok(Self {
            filters: Filters::of_but(query, &ALLOWED, taken)?,
            text: Text::of(query)?,
        })
    }

    /// Leaves out whatever is not of this customer.
    pub fn narrow(&mut self, platform: String, customer: String) {
        self.filters.give(PLATFORM, platform);
        self.filters.give(CUSTOMER, customer);
    }

    /// Whether it leaves no order out.
    pub const fn is_everything(&self) -> bool {
        self.filters.is_empty() && self.text.is_none()
    }

    /// Finds out what the words of `q` may be mistyped for.
    pub async fn resolve(&mut self, views: &PgPool) -> Result<(), sqlx::Error> {
        match &mut self.text {
            Some(text) => text.resolve(views).await,
            None => Ok(()),
        }
    }

    /// Adds ` AND …` for whatever chooses orders, but for the filter `but`.
    pub fn push_but(&self, but: &str, sql: &mut QueryBuilder<'_, Postgres>) {
        self.filters.push_but(but, sql);
        if let Some(text) = &self.text {
            text.push(sql);
        }
    }

    /// Whether the database may keep the plan of such a statement for others:
    /// not where it depends on how frequent words are.
    pub const fn is_planned_once(&self) -> bool {
        self.text.is_none()
    }

    /// The same text for the same orders.
    pub fn canonical(&self) -> String {
        let text = self.text.as_ref().map(Text::canonical);
        self.filters.canonical() + &text.unwrap_or_default()
    }
}

/// The parameters, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct FilterParameters {
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
    /// Whether a return is under way: asked for, and neither declined, cancelled nor closed
    has_open_return: Option<bool>,
    /// Words, in any order: each must begin a word of the order's number, external id, customer, email, addresses, SKUs or product names. Neither case nor accents count. A word of four letters or more may have a mistake, one of eight or more two; a word with digits none
    #[param(example = "lovelace lamp", max_length = 200)]
    q: Option<String>,
}

/// Those of them that do not say whose orders.
pub struct OtherFilterParameters;

impl IntoParams for OtherFilterParameters {
    fn into_params(kind: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = FilterParameters::into_params(kind);
        parameters.retain(|parameter| !WHOSE.contains(&parameter.name.as_str()));
        parameters
    }
}
