//! Answers of commands, by the codes that they carry.

use crate::problem_types::PROBLEM_TYPES;
use infra::http::{problem::CONTENT_TYPE, problem_types::COMMON};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::{
    Content, Header, HeaderBuilder, Object, Ref, RefOr, Response, ResponseBuilder, schema::Type,
};

/// Codes of every request.
pub const REQUEST: &[&str] = &[
    "invalid_json",
    "invalid_body",
    "incomplete_body",
    "invalid_if_match",
    "invalid_idempotency_key",
    "idempotency_key_required",
    "invalid_causation_id",
    "unauthorized",
    "request_timeout",
    "body_too_large",
    "unsupported_media_type",
    "internal",
    "log_restored",
    "newer_release",
    "unavailable",
    "took_too_long",
    "coding_not_acceptable",
];
/// Codes of every command beside those.
pub const COMMAND: &[&str] = &[
    "contended",
    "precondition_failed",
    "event_too_large",
    "idempotency_key_reused",
];
/// Codes of commands on any order that exists.
pub const ANY: &[&str] = &["order_not_found"];
/// Codes of commands on sales that were placed.
pub const SALE: &[&str] = &["order_not_found", "not_for_kind", "order_is_draft"];
/// Codes of commands on sales that are not cancelled.
pub const LIVE_SALE: &[&str] = &[
    "order_not_found",
    "not_for_kind",
    "order_is_draft",
    "order_cancelled",
];
/// Codes of edits, which close with the first fulfilment.
pub const EDIT: &[&str] = &[
    "order_not_found",
    "not_for_kind",
    "order_is_draft",
    "order_cancelled",
    "editing_closed",
];
/// Codes of a line's content.
pub const LINE: &[&str] = &[
    "quantity_out_of_range",
    "negative_price",
    "discount_out_of_range",
    "tax_out_of_range",
    "amount_overflow",
];
/// Codes of an order's content besides its lines'.
pub const CONTENT: &[&str] = &["too_many_lines", "shipping_out_of_range", "too_many_tags"];
/// Codes of lists of units.
pub const UNITS: &[&str] = &[
    "no_lines",
    "duplicate_line",
    "units_out_of_range",
    "422:line_not_found",
];
/// Codes of amounts.
pub const AMOUNT: &[&str] = &[
    "amount_not_positive",
    "currency_mismatch",
    "amount_overflow",
];

/// Codes of new orders, beside those of what they consist of.
pub const NEW_ORDER: &[&str] = &[
    "422:platform_not_found",
    "platform_inactive",
    "platform_archived",
    "platform_currency",
    "price_mismatch",
    "price_unknown",
    "discount_not_allowed",
    "quote_required",
    "quote_invalid",
    "quote_expired",
    "quote_mismatch",
];
/// Codes of a line's price.
pub const PRICE: &[&str] = &["price_mismatch", "price_unknown", "discount_not_allowed"];
/// Codes of the quote of a shipping choice.
pub const QUOTE: &[&str] = &[
    "quote_required",
    "quote_invalid",
    "quote_expired",
    "quote_mismatch",
];
/// Codes of what a platform consists of.
pub const PLATFORM: &[&str] = &[
    "invalid_path",
    "platform_archived",
    "unknown_country",
    "seconds_out_of_range",
    "invalid_number_prefix",
    "rate_limit_out_of_range",
    "seller_address_missing",
    "invalid_seller_text",
    "too_many_of_seller",
    "unknown_locale",
    "invalid_invoice_prefix",
    "invalid_tax_rate",
    "invalid_file_name",
];
/// Codes of what a product consists of.
pub const PRODUCT: &[&str] = &[
    "invalid_path",
    "product_archived",
    "weight_out_of_range",
    "dimension_out_of_range",
    "negative_price",
    "duplicate_price",
    "too_many_prices",
];
/// Codes of what a shipping zone consists of.
pub const ZONE: &[&str] = &[
    "invalid_path",
    "shipping_zone_archived",
    "zone_empty",
    "unknown_country",
    "postal_code_malformed",
    "postal_range_uneven",
    "postal_range_reversed",
    "too_many",
];
/// Codes of what a shipping method consists of.
pub const METHOD: &[&str] = &[
    "invalid_path",
    "shipping_method_archived",
    "no_zones",
    "no_rates",
    "duplicate_currency",
    "no_tiers",
    "tiers_not_ascending",
    "open_tier_not_last",
    "bounds_reversed",
    "parcel_weight_not_positive",
    "days_out_of_range",
    "negative_amount",
    "negative_weight",
    "too_many",
];

/// Makes the type that documents what a command answers: its successes, and
/// lists of the codes with which it can be refused. A code stands for the
/// status that its kind of problem has; `422:code` for another one.
macro_rules! answers {
    ($name:ident: $($status:literal $done:literal),+; $($codes:expr),* $(,)?) => {
        $crate::documented::answers!(
            @ $name: [$(($status, $done, Some("CommandAnswer"))),+];
            [$crate::documented::REQUEST, $crate::documented::COMMAND, $($codes),*]
        );
    };
    // Answers with another body, or none, and other codes.
    (
        $name:ident: $($status:literal $done:literal as $body:expr),+;
        $($codes:expr),* ; without orders
    ) => {
        $crate::documented::answers!(
            @ $name: [$(($status, $done, $body)),+];
            [$crate::documented::REQUEST, $($codes),*]
        );
    };
    (@ $name:ident: [$($success:expr),+]; [$($codes:expr),* $(,)?]) => {
        struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::Response>,
            > {
                $crate::documented::responses(&[$($success),+], &[$($codes),*])
            }
        }
    };
}
pub(crate) use answers;

/// See [`answers`].
pub fn responses(
    successes: &[(u16, &str, Option<&str>)],
    codes: &[&[&str]],
) -> BTreeMap<String, RefOr<Response>> {
    let mut all = problems(codes);
    for (status, done, body) in successes {
        all.insert(status.to_string(), success(*status, done, *body).into());
    }
    all
}

/// The answers with these codes.
pub fn problems(codes: &[&[&str]]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for code in codes.iter().copied().flatten() {
        let (status, code) = of(code);
        by_status.entry(status).or_default().insert(code);
    }
    let told = by_status.into_iter().map(|(status, codes)| {
        let told = problem(&status, &codes);
        (status, told.into())
    });
    told.collect()
}

/// Status and code of an entry of a list; `default` where nobody knows it.
fn of(entry: &str) -> (String, &str) {
    if let Some((status, code)) = entry.split_once(':') {
        return (status.to_owned(), code);
    }
    let mut kinds = PROBLEM_TYPES.iter().chain(COMMON);
    let known = kinds.find(|kind| kind.code == entry);
    let status = known.map(|kind| kind.status.to_string());
    (status.unwrap_or_else(|| "default".to_owned()), entry)
}

fn success(status: u16, done: &str, body: Option<&str>) -> Response {
    let mut response = ResponseBuilder::new().description(done).header(
        "Idempotent-Replayed",
        text("`true` on the answer to a repeat; else absent"),
    );
    if let Some(body) = body {
        let answer = Ref::from_schema_name(body);
        response = response.content("application/json", Content::new(Some(answer)));
    }
    if body.is_some_and(|body| body.ends_with("Answer")) {
        let etag = text("`\"<version>-0\"`, for `If-Match` of the next");
        response = response.header("ETag", etag);
    }
    if status == 201 || matches!(body, Some("Export" | "Operation")) && status == 202 {
        response = response.header("Location", text("Where it is read"));
    }
    response.build()
}

fn problem(status: &str, codes: &BTreeSet<&str>) -> Response {
    let named: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    let document = Ref::from_schema_name("ProblemDocument");
    let mut response = ResponseBuilder::new()
        .description(named.join(", "))
        .content(CONTENT_TYPE, Content::new(Some(document)));
    if status == "401" {
        response = response.header("WWW-Authenticate", text("`Bearer` (RFC 6750)"));
    }
    if status == "503" || codes.contains("contended") {
        let after = header(
            Type::Integer,
            "Seconds after which to try again, where that may help",
        );
        response = response.header("Retry-After", after);
    }
    response.build()
}

fn text(description: &str) -> Header {
    header(Type::String, description)
}

fn header(kind: Type, description: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(Object::with_type(kind)))
        .description(Some(description))
        .build()
}
