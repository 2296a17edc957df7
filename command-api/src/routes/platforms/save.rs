//! `PUT /v1/platforms/{slug}`: make a platform, or make it so.

use super::body::{RateLimitBody, SellerBody};
use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, OnPlatform, PLATFORM, answers},
};
use contracts::platform::{ClientPrices, ClientShipping, OnCancellation};
use domain::{
    country::Country,
    money::Currency,
    platform::{Platform, SavePlatform},
    text::{Slug, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// All of a platform; what is absent is as if nobody had ever said anything.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Web shop", "currency": "GBP", "country": "GB", "auto_confirm": true, "number_prefix": "W-"}))]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct SavePlatformBody {
    /// What people call it; its slug, if absent.
    #[schema(value_type = Option<String>)]
    name: Option<Words>,
    /// ISO 4217 code of the one currency of its orders; any, if absent.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// ISO 3166-1 alpha-2: where an order is from that names no country.
    #[schema(value_type = Option<String>)]
    country: Option<Country>,
    /// Whether orders may be placed; true, if absent.
    #[serde(default = "yes")]
    active: bool,
    /// Whether prices contain their tax.
    #[serde(default)]
    prices_include_tax: bool,
    /// Whether an order is confirmed as soon as it is placed.
    #[serde(default)]
    auto_confirm: bool,
    /// Whether goods may be shipped that are neither paid nor authorised.
    #[serde(default)]
    allow_unpaid_shipping: bool,
    /// Seconds after which an unpaid order is cancelled; never, if absent.
    expire_unpaid_after_seconds: Option<u64>,
    /// Seconds after which a settled order is archived; never, if absent.
    archive_settled_after_seconds: Option<u64>,
    /// What becomes of the money when something is cancelled.
    #[serde(default)]
    on_cancellation: OnCancellation,
    /// What stands before the number of a new order. Does not end in a digit.
    number_prefix: Option<String>,
    /// Whether prices that a client gives have to be those of the catalogue.
    #[serde(default)]
    client_prices: ClientPrices,
    /// Whether a shipping charge has to be one that was quoted.
    #[serde(default)]
    client_shipping: ClientShipping,
    /// Requests that keys for this platform alone may send together; as many as
    /// each key of the deployment, if absent.
    rate_limit: Option<RateLimitBody>,
    /// Who sells; without one there are no documents.
    seller: Option<SellerBody>,
}

const fn yes() -> bool {
    true
}

impl SavePlatformBody {
    fn command(self, slug: Slug) -> SavePlatform {
        SavePlatform {
            name: self.name.unwrap_or_else(|| Words::from(&slug)),
            slug,
            currency: self.currency,
            country: self.country,
            active: self.active,
            prices_include_tax: self.prices_include_tax,
            auto_confirm: self.auto_confirm,
            allow_unpaid_shipping: self.allow_unpaid_shipping,
            expire_unpaid_after_seconds: self.expire_unpaid_after_seconds,
            archive_settled_after_seconds: self.archive_settled_after_seconds,
            on_cancellation: self.on_cancellation,
            number_prefix: self.number_prefix,
            client_prices: self.client_prices,
            client_shipping: self.client_shipping,
            rate_limit: self.rate_limit.map(Into::into),
            seller: self.seller.map(Into::into),
        }
    }
}

answers!(
    Answers: 200 "Is so, since now or before" as Some("PlatformAnswer"),
        201 "Made" as Some("PlatformAnswer");
    COMMAND, PLATFORM; without orders
);

/// Save a platform
///
/// Makes it, or replaces all of it. Saving what is there stores nothing. An
/// archived one is restored first.
#[utoipa::path(
    put,
    path = "/v1/platforms/{slug}",
    operation_id = "save_platform",
    tag = "reference data",
    params(OnPlatform),
    request_body = SavePlatformBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<SavePlatformBody>) -> Result<Answer, Problem> {
    let slug: Slug = call.named("slug")?;
    let command = body.command(slug.clone());
    call.on::<Platform>(&slug, command).await
}
