//! `POST /v1/shipping/quotes`: what shipping a basket to a place costs.

mod answer;
mod cached;
mod goods;
mod reference;
mod refused;
mod request;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;

use crate::{
    consistency::{Consistency, PREFERENCE_APPLIED},
    documented::{MinPosition, NotQuoted, PlatformClosed, Refused, RefusedBody},
    lag,
    routes::statistics::cached::{CACHE_STATUS, cache_status},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, http::header::CACHE_CONTROL, web::Data};
use answer::{ShippingOffer, ShippingQuote};
use cached::{Asked, Computed};
use contracts::{platform::Platform, product::Product, whole::Versioned};
use domain::{
    platform::PlatformRules,
    shipping::{Consignment, Offer, Promise, PromisedFrom, check_count},
};
use goods::{Goods, Products, Unsaved};
use infra::{
    clock,
    config::Config,
    http::{CACHING, Problem, Query, Sent},
    quotes::{self, Promises},
    redis::{Found, Redis},
};
use refused::refused;
use request::QuoteRequest;
use snapshot::{Snapshot, Snapshots};
use sqlx::PgPool;
use std::{collections::HashSet, sync::Arc};

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["min_position"];

/// What quotes are made with.
pub struct Quotes {
    unsaved: Unsaved,
    snapshots: Snapshots,
    cache: cached::Cache,
    promises: Promises,
}

/// What is known of what is asked for.
struct Known {
    platform: Option<Versioned<Platform>>,
    products: Products,
    shipping: Arc<Snapshot>,
}

/// An answer but for its promises.
struct Answer {
    subtotal: i64,
    computed: Computed,
    found: Option<Found>,
}

/// A shipping quote
///
/// What shipping a basket to a place costs, by each method that ships it, and
/// why the others do not. It changes nothing; it is POST for the length of its
/// question.
///
/// Prices are those of the request, else those of the catalogue on that
/// platform; weights, and whether an article goes into a parcel at all, are the
/// catalogue's. An article that it does not know has no known weight: methods
/// for which the weight counts are refused. The place is in one zone, that with
/// the narrowest rule about it, so give the whole of it, as it is to be on the
/// order. Lines may come in any order, and one article in several of them.
///
/// What an offer says holds until `expires_at`, for an order of these lines to
/// this place that has its `quote`.
#[utoipa::path(
    post,
    path = "/v1/shipping/quotes",
    operation_id = "quote_shipping",
    tag = "shipping",
    params(
        MinPosition,
        ("Prefer" = Option<String>, Header, description = "`wait=N`: at most N seconds (2 if absent, at most 30); `handling=strict`: 503 rather than an older answer", example = "wait=5"),
    ),
    request_body = QuoteRequest,
    responses(
        (
            status = 200,
            description = "What was asked for",
            body = ShippingQuote,
            headers(
                ("Orderlog-Lag" = String, description = "How far the views that have answered are behind the log: `events=0, seconds=0.000`, or `unknown`"),
                ("Preference-Applied" = String, description = "Which preferences were followed, if any was expressed"),
                ("Cache-Status" = String, description = "What the cache had (RFC 9211): `orderlog; hit`, or `orderlog; fwd=` with `miss` or `bypass` where the quote was computed; absent where nothing is shipped"),
            )
        ),
        Refused,
        RefusedBody,
        PlatformClosed,
        NotQuoted,
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    Sent {
        principal,
        body: asked,
    }: Sent<QuoteRequest>,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let consistency = Consistency::of(&request, &query)?;
    let quotes = &state.quotes;
    principal.check_platform(&asked.platform)?;
    check_count(asked.lines.len()).map_err(|rejection| refused(&rejection))?;
    let route = consistency.wait(&state, None).await?.route;
    let read = route.read(|views| quotes.known(views, &asked));
    let (known, by) = Box::pin(read)
        .await
        .map_err(|error| Problem::database(&error))?;
    let platform = known.platform.as_ref();
    let platform = platform.map(|known| (known.version, &known.document));
    let rules = goods::rules(&asked, platform, &quotes.unsaved)?;
    let goods = Goods::of(&asked, &rules, &known.products)?;
    let shipping = &known.shipping;
    let answer = quotes.answer(&asked, &rules, &goods, shipping).await?;
    let found = answer.found;
    let told = quotes.promised(asked, &rules, &goods, shipping, answer);
    let told = told.await?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, CACHING))
        .insert_header((lag::HEADER, state.lag.header(by)));
    if let Some(found) = found {
        response.insert_header((CACHE_STATUS, cache_status(found)));
    }
    if let Some(applied) = consistency.applied() {
        response.insert_header((PREFERENCE_APPLIED, applied));
    }
    Ok(response.json(told))
}

impl Quotes {
    /// With promises whose secret is in the ops database.
    pub fn new(config: &Config, ops: PgPool, redis: Redis) -> Self {
        Self {
            unsaved: Unsaved::new(config),
            snapshots: Snapshots::default(),
            cache: cached::cache(redis),
            promises: Promises::new(config, ops),
        }
    }

    /// What one server knows.
    async fn known(&self, views: PgPool, asked: &QuoteRequest) -> Result<Known, sqlx::Error> {
        let skus: HashSet<&str> = asked.lines.iter().map(|line| &*line.sku).collect();
        let skus: Vec<&str> = skus.into_iter().collect();
        let slug = [&*asked.platform];
        let (platforms, products, state) = tokio::try_join!(
            reference::by_key::<Platform>(&views, &slug),
            reference::by_key::<Product>(&views, &skus),
            store::state(&views),
        )?;
        let products = products.into_iter();
        Ok(Known {
            platform: platforms.into_values().next(),
            products: products.map(|(sku, known)| (sku, known.document)).collect(),
            shipping: self.snapshots.at(state, &views).await?,
        })
    }

    async fn answer(
        &self,
        asked: &QuoteRequest,
        rules: &PlatformRules,
        goods: &Goods,
        shipping: &Arc<Snapshot>,
    ) -> Result<Answer, Problem> {
        let Some(basket) = goods.basket.clone() else {
            return Ok(Answer::nothing_to_ship());
        };
        let subtotal = basket.subtotal();
        let asked = Asked {
            basket,
            place: asked.destination.place(),
            platform_version: rules.version,
            shipping: Arc::clone(shipping),
        };
        let (computed, found) = cached::computed(&self.cache, asked).await?;
        let found = Some(found);
        Ok(Answer {
            subtotal,
            computed,
            found,
        })
    }

    /// The answer with its promises, which are of this moment.
    async fn promised(
        &self,
        asked: QuoteRequest,
        rules: &PlatformRules,
        goods: &Goods,
        shipping: &Snapshot,
        answer: Answer,
    ) -> Result<ShippingQuote, Problem> {
        let secret = self.promises.secret().await;
        let secret = secret.map_err(|error| Problem::database(&error))?;
        let expires_at = self.promises.expires(clock::now());
        let place = asked.destination.place();
        let consignment = Consignment::new(&asked.platform, asked.currency, &goods.lines, place);
        let Computed {
            zone,
            offers,
            refused,
        } = answer.computed;
        let zone_version = zone.as_ref().map(|zone| shipping.zone_version(zone));
        let promised = |offer: Offer| -> Result<ShippingOffer, Problem> {
            let from = PromisedFrom {
                method: shipping.method_version(&offer.method),
                // Without a zone there are no offers.
                zone: zone_version.unwrap_or_default(),
                platform: rules.version,
            };
            let promise = Promise::new(&offer, consignment.clone(), from);
            let quote = quotes::sign(secret, &promise, expires_at);
            Ok(ShippingOffer::new(offer, quote.map_err(Problem::internal)?))
        };
        let offers = offers.into_iter().map(promised);
        Ok(ShippingQuote {
            platform: asked.platform,
            currency: asked.currency,
            subtotal: answer.subtotal,
            requires_shipping: goods.basket.is_some(),
            zone,
            offers: offers.collect::<Result<_, Problem>>()?,
            refused,
            expires_at,
        })
    }
}

impl Answer {
    const fn nothing_to_ship() -> Self {
        Self {
            subtotal: 0,
            computed: Computed {
                zone: None,
                offers: Vec::new(),
                refused: Vec::new(),
            },
            found: None,
        }
    }
}
