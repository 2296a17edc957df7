//! `PATCH /v1/platforms/{slug}`: change some of a platform.

use super::body::{RateLimitBody, SellerBody};
use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, OnPlatform, PLATFORM, answers},
    request::{Change, given},
};
use contracts::platform::{ClientPrices, ClientShipping, OnCancellation};
use domain::{
    country::Country,
    money::Currency,
    platform::{ChangePlatform, Platform},
    text::{Slug, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// What changes. A member that is absent stays as it is, one that is `null` is
/// removed (JSON Merge Patch, RFC 7396), another one replaces what there is;
/// the seller is replaced as a whole.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"active": false, "number_prefix": null}))]
pub struct ChangePlatformBody {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    name: Option<Words>,
    /// The one currency of its orders; null: any.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    currency: Change<Currency>,
    /// Where an order is from that names no country.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    country: Change<Country>,
    /// Whether orders may be placed.
    #[serde(default, deserialize_with = "given")]
    active: Option<bool>,
    /// Whether prices contain their tax.
    #[serde(default, deserialize_with = "given")]
    prices_include_tax: Option<bool>,
    /// Whether an order is confirmed as soon as it is placed.
    #[serde(default, deserialize_with = "given")]
    auto_confirm: Option<bool>,
    /// Whether goods may be shipped that are neither paid nor authorised.
    #[serde(default, deserialize_with = "given")]
    allow_unpaid_shipping: Option<bool>,
    /// Seconds after which an unpaid order is cancelled; null: never.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    expire_unpaid_after_seconds: Change<u64>,
    /// Seconds after which a settled order is archived; null: never.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    archive_settled_after_seconds: Change<u64>,
    /// What becomes of the money when something is cancelled.
    #[serde(default, deserialize_with = "given")]
    on_cancellation: Option<OnCancellation>,
    /// What stands before the number of a new order; null: nothing.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    number_prefix: Change<String>,
    /// Whether prices that a client gives have to be those of the catalogue.
    #[serde(default, deserialize_with = "given")]
    client_prices: Option<ClientPrices>,
    /// Whether a shipping charge has to be one that was quoted.
    #[serde(default, deserialize_with = "given")]
    client_shipping: Option<ClientShipping>,
    /// Requests that keys for this platform alone may send together; null: as many
    /// as each key of the deployment.
    #[serde(default)]
    #[schema(value_type = Option<RateLimitBody>)]
    rate_limit: Change<RateLimitBody>,
    /// Who sells; null: there are no documents.
    #[serde(default)]
    #[schema(value_type = Option<SellerBody>)]
    seller: Change<SellerBody>,
}

impl From<ChangePlatformBody> for ChangePlatform {
    fn from(body: ChangePlatformBody) -> Self {
        Self {
            name: body.name,
            currency: body.currency.into_option(),
            country: body.country.into_option(),
            active: body.active,
            prices_include_tax: body.prices_include_tax,
            auto_confirm: body.auto_confirm,
            allow_unpaid_shipping: body.allow_unpaid_shipping,
            expire_unpaid_after_seconds: body.expire_unpaid_after_seconds.into_option(),
            archive_settled_after_seconds: body.archive_settled_after_seconds.into_option(),
            on_cancellation: body.on_cancellation,
            number_prefix: body.number_prefix.into_option(),
            client_prices: body.client_prices,
            client_shipping: body.client_shipping,
            rate_limit: body.rate_limit.into_option(),
            seller: body.seller.into_option(),
        }
    }
}

answers!(
    Answers: 200 "Is so, since now or before" as Some("PlatformAnswer");
    COMMAND, PLATFORM, &["platform_not_found"]; without orders
);

/// Change a platform
///
/// A change that changes nothing stores nothing. What is changed acts on orders
/// that come after.
#[utoipa::path(
    patch,
    path = "/v1/platforms/{slug}",
    operation_id = "change_platform",
    tag = "reference data",
    params(OnPlatform),
    request_body = ChangePlatformBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ChangePlatformBody>) -> Result<Answer, Problem> {
    let slug: Slug = call.named("slug")?;
    call.on::<Platform>(&slug, ChangePlatform::from(body)).await
}
