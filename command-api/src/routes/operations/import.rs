//! `POST /v1/operations/import`: a file of orders is taken, and will be imported.

use super::create::{DRY_RUN, ON_INVALID, Request, answers};
use crate::{documented::Once, state::CommandApi};
use actix_web::{HttpRequest, HttpResponse, web::Payload};
use infra::{
    http::{Pieces, Principal, Problem, Query, query::invalid},
    operations::{ImportFormat, ImportTerms, OnInvalid},
};
use std::collections::BTreeMap;
use utoipa::{
    IntoParams, IntoResponses,
    openapi::{RefOr, Response},
};

const FORMAT: &str = "format";
const MAPPING: &str = "mapping";
const CHANNEL: &str = "channel";
const PRICES_INCLUDE_TAX: &str = "prices_include_tax";
/// Longest mapping, in bytes: a URL has to hold it.
const LONGEST_MAPPING: usize = 6_000;
/// Channel of Shopify orders unless told.
const SHOPIFY: &str = "shopify";

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what the query says")]
struct Parameters {
    /// How the file is to be read.
    format: ImportFormat,
    /// Which column is which field, as TOML or JSON, at most 6,000 bytes: needed by
    /// `csv`, and of no other format.
    mapping: Option<String>,
    /// Slug of the sales channel that the orders belong to; `shopify` unless told.
    /// Of `shopify` only.
    channel: Option<String>,
    /// Whether the channel's prices include tax, as it is configured. Of `shopify`
    /// only.
    prices_include_tax: Option<bool>,
    /// Decide every order, and store nothing.
    dry_run: Option<bool>,
    /// What an order that cannot be read means for the others: nothing (`skip`), or
    /// that none of them is imported (`reject`).
    on_invalid: Option<OnInvalid>,
}

struct Answers;

impl IntoResponses for Answers {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers("It will be imported, and is read at `Location`")
    }
}

/// Import a file of orders in the background
///
/// The file as another system wrote it, in one of the formats of `orderlog import`,
/// plain or packed (`.gz`, `.zst`, `.xz`). A worker makes an `import_order` of each
/// order and carries them out as `POST /v1/operations` does; the scope
/// `orders:import` is needed for that. What cannot be read, or cannot be an order, is
/// a result of its own. Each result says by `source` which invoice it is of and on
/// which lines of the file that stands.
///
/// A file can be sent again as a whole, mended or not: orders that are there with
/// equal content stay as they are.
#[utoipa::path(
    post,
    path = "/v1/operations/import",
    operation_id = "import_file",
    tag = "bulk",
    params(Parameters, Once),
    request_body(
        content = String,
        content_type = "application/octet-stream",
        description = "The file",
        example = "No,Date,Sku,Qty,Price\n1001,2026-01-31,MUG-1,2,12.50\n",
    ),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(
    principal: Principal,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let api = CommandApi::of(&request)?;
    let known = [
        FORMAT,
        MAPPING,
        CHANNEL,
        PRICES_INCLUDE_TAX,
        DRY_RUN,
        ON_INVALID,
    ];
    let query = Query::of(&request, &known)?;
    let terms = terms(&query)?;
    let asked = Request::of(&request, principal, (&api, &query), Some(terms))?;
    let upload = api.uploads.begin()?;
    let body = Pieces::of_file(&request, payload.into_inner())?;
    asked.take(&api.uploads.ops, &upload, body).await
}

/// How the file is to be read.
fn terms(query: &Query) -> Result<ImportTerms, Problem> {
    let format = query.one_of(FORMAT, ImportFormat::ALL, ImportFormat::name)?;
    let format = format.ok_or_else(|| invalid(FORMAT, "has to be given"))?;
    let only = |name: &'static str, of: ImportFormat| {
        let given = query.one(name)?;
        match given {
            Some(_) if format != of => {
                let detail = format!("is of the format {} only", of.name());
                Err(invalid(name, detail))
            }
            given => Ok(given),
        }
    };
    only(MAPPING, ImportFormat::Csv)?;
    let mapping = query.text(MAPPING)?;
    match &mapping {
        None if format == ImportFormat::Csv => {
            return Err(invalid(MAPPING, "has to be given for the format csv"));
        }
        Some(text) if text.len() > LONGEST_MAPPING => {
            let detail = format!("may have at most {LONGEST_MAPPING} bytes");
            return Err(invalid(MAPPING, detail));
        }
        _ => {}
    }
    only(CHANNEL, ImportFormat::Shopify)?;
    only(PRICES_INCLUDE_TAX, ImportFormat::Shopify)?;
    let is_shopify = format == ImportFormat::Shopify;
    let platform = query.text(CHANNEL)?.unwrap_or_else(|| SHOPIFY.to_owned());
    let include_tax = query.parsed(PRICES_INCLUDE_TAX, "true or false")?;
    Ok(ImportTerms {
        format,
        mapping,
        platform: is_shopify.then_some(platform),
        prices_include_tax: include_tax.unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(&str, &str)]) -> Result<ImportTerms, Vec<Option<String>>> {
        let pairs = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let known = [FORMAT, MAPPING, CHANNEL, PRICES_INCLUDE_TAX];
        let query = Query::of_pairs(pairs.collect(), &known).expect("known");
        terms(&query).map_err(|problem| {
            let errors = problem.document(None, None).errors;
            errors.into_iter().map(|error| error.parameter).collect()
        })
    }

    #[test]
    fn each_format_takes_what_it_needs_and_nothing_else() {
        let csv = said(&[("format", "csv"), ("mapping", "platform = \"web\"")]).expect("terms");
        assert_eq!(csv.mapping.as_deref(), Some("platform = \"web\""));
        assert_eq!(csv.platform, None);
        let shopify = said(&[("format", "shopify"), ("prices_include_tax", "true")]);
        let shopify = shopify.expect("terms");
        assert_eq!(shopify.platform.as_deref(), Some("shopify"));
        assert!(shopify.prices_include_tax);
        let long = "x".repeat(LONGEST_MAPPING + 1);
        let cases: [(&[(&str, &str)], &str); 8] = [
            (&[("channel", "web")], "format"),
            (&[("format", "xls")], "format"),
            (&[("format", "csv")], "mapping"),
            (&[("format", "csv"), ("mapping", &long)], "mapping"),
            (&[("format", "csv"), ("mapping", "a\0b")], "mapping"),
            (&[("format", "ndjson"), ("mapping", "x")], "mapping"),
            (&[("format", "ndjson"), ("channel", "web")], "channel"),
            (
                &[("format", "ndjson"), ("prices_include_tax", "true")],
                "prices_include_tax",
            ),
        ];
        for (pairs, parameter) in cases {
            let refused = said(pairs).expect_err(parameter);
            assert_eq!(refused, [Some(parameter.to_owned())], "{pairs:?}");
        }
    }
}
