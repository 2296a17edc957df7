//! The answers of commands: what was changed, as the command left it, flat, plus
//! `position` and the ids that the command made.

use crate::{
    record::Orders,
    reference::{Kind, Reference, ReferenceAnswer},
};
use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{StatusCode, header},
};
use contracts::{
    PositionToken,
    order::{Made, Order},
    partition::partition_of,
    platform as platforms, product as products, shipping, topics,
};
use domain::{
    platform::Platform,
    product::Product,
    shipping::{method::ShippingMethod, zone::ShippingZone},
};
use infra::{
    command::Outcome,
    http::{CACHING, Etag, Problem, VARIES},
};
use serde::Serialize;
use uuid::Uuid;

/// The order as a command left it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CommandAnswer<'a> {
    /// The order.
    #[serde(flatten)]
    pub order: &'a Order,
    /// Its id once more, under the name that every answer has.
    pub order_id: Uuid,
    /// Where the log stands after the command, for `min_position`.
    #[schema(value_type = String)]
    pub position: PositionToken,
    /// Ids of what the command made.
    #[serde(flatten)]
    pub made: Made,
}

/// What a fresh success is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Success {
    /// 201 with Location.
    Created,
    /// 200.
    Done,
}

/// What a command has led to, of whichever kind.
#[derive(Debug)]
pub enum Changed {
    /// On an order.
    Order(Outcome<Orders>),
    /// On a platform.
    Platform(Outcome<Reference<Platform>>),
    /// On a product.
    Product(Outcome<Reference<Product>>),
    /// On a shipping zone.
    ShippingZone(Outcome<Reference<ShippingZone>>),
    /// On a shipping method.
    ShippingMethod(Outcome<Reference<ShippingMethod>>),
}

/// The body of an answer.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Told<'a> {
    /// Of an order.
    Order(Box<CommandAnswer<'a>>),
    /// Of a platform.
    Platform(ReferenceAnswer<'a, platforms::Platform>),
    /// Of a product.
    Product(ReferenceAnswer<'a, products::Product>),
    /// Of a shipping zone.
    ShippingZone(ReferenceAnswer<'a, shipping::zone::ShippingZone>),
    /// Of a shipping method.
    ShippingMethod(ReferenceAnswer<'a, shipping::method::ShippingMethod>),
}

/// What a command that was carried out is answered with. A repeat gets the
/// first one's status and body, and says so in `Idempotent-Replayed`.
#[derive(Debug)]
pub struct Answer {
    changed: Changed,
    success: Success,
}

/// Evaluates `$with` for the outcome of any kind.
macro_rules! each {
    ($changed:expr, $outcome:ident => $with:expr) => {
        match $changed {
            Changed::Order($outcome) => $with,
            Changed::Platform($outcome) => $with,
            Changed::Product($outcome) => $with,
            Changed::ShippingZone($outcome) => $with,
            Changed::ShippingMethod($outcome) => $with,
        }
    };
}

impl Answer {
    /// The answer to a command on an order that led to `outcome`.
    pub const fn new(outcome: Outcome<Orders>, success: Success) -> Self {
        let changed = Changed::Order(outcome);
        Self { changed, success }
    }

    /// The answer to a command on reference data.
    pub fn on_reference<A: Kind>(outcome: Outcome<Reference<A>>) -> Self {
        let success = if outcome.state.version == 1 {
            Success::Created
        } else {
            Success::Done
        };
        let changed = A::changed(outcome);
        Self { changed, success }
    }

    /// 201 where the command made what it is about, now or before.
    pub fn status(&self) -> StatusCode {
        let stored = each!(&self.changed, outcome => !outcome.events.is_empty());
        if self.success == Success::Created && stored {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        }
    }

    /// Whether it was carried out before.
    pub const fn is_repeat(&self) -> bool {
        each!(&self.changed, outcome => outcome.replayed)
    }

    /// Version of what it is about.
    pub fn version(&self) -> i64 {
        each!(&self.changed, outcome => outcome.state.version)
    }

    /// Its body.
    ///
    /// # Errors
    /// Where what it is about has no event, which cannot be.
    pub fn told(&self) -> Result<Told<'_>, Problem> {
        Ok(match &self.changed {
            Changed::Order(outcome) => Told::Order(Box::new(told(outcome)?)),
            Changed::Platform(outcome) => Told::Platform(ReferenceAnswer::of(outcome)?),
            Changed::Product(outcome) => Told::Product(ReferenceAnswer::of(outcome)?),
            Changed::ShippingZone(outcome) => Told::ShippingZone(ReferenceAnswer::of(outcome)?),
            Changed::ShippingMethod(outcome) => Told::ShippingMethod(ReferenceAnswer::of(outcome)?),
        })
    }

    fn response(&self) -> Result<HttpResponse, Problem> {
        let (answer, status) = (self.told()?, self.status());
        let etag = Etag {
            version: self.version(),
            revision: 0,
        };
        let mut response = HttpResponse::build(status);
        response.insert_header((header::ETAG, etag.to_string()));
        response.insert_header((header::CACHE_CONTROL, CACHING));
        response.insert_header((header::VARY, VARIES));
        if status == StatusCode::CREATED {
            response.insert_header((header::LOCATION, answer.location()));
        }
        if self.is_repeat() {
            response.insert_header(("Idempotent-Replayed", "true"));
        }
        Ok(response.json(answer))
    }
}

impl Told<'_> {
    /// Where it is read.
    fn location(&self) -> String {
        match self {
            Self::Order(answer) => format!("/v1/orders/{}", answer.order_id),
            Self::Platform(answer) => Platform::location(&answer.now.document),
            Self::Product(answer) => Product::location(&answer.now.document),
            Self::ShippingZone(answer) => ShippingZone::location(&answer.now.document),
            Self::ShippingMethod(answer) => ShippingMethod::location(&answer.now.document),
        }
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.response().unwrap_or_else(HttpResponse::from_error)
    }
}

fn told(outcome: &Outcome<Orders>) -> Result<CommandAnswer<'_>, Problem> {
    let state = &outcome.state;
    let order = state.view.as_ref();
    let order = order.ok_or_else(|| Problem::internal(EmptyStream))?;
    let key = order.id.hyphenated().to_string();
    let mut made = Made::default();
    for event in &outcome.events {
        made.note(&event.clone().into());
    }
    Ok(CommandAnswer {
        order_id: order.id,
        order,
        position: PositionToken {
            topic: topics::ORDERS.name.to_owned(),
            partition: partition_of(key.as_bytes(), topics::ORDERS.partitions),
            at: state.at,
        },
        made,
    })
}

#[derive(Debug, thiserror::Error)]
#[error("a command succeeded on an order without events")]
struct EmptyStream;
