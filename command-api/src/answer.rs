//! The answer of a command: the order's fields, flat, plus `order_id`,
//! `position` and the ids that the command made.

use crate::record::Orders;
use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{StatusCode, header},
};
use contracts::{
    PositionToken,
    order::{Made, Order},
    partition::partition_of,
    topics,
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

/// What a command that was carried out is answered with. A repeat gets the
/// first one's status and body, and says so in `Idempotent-Replayed`.
#[derive(Debug)]
pub struct Answer {
    outcome: Outcome<Orders>,
    success: Success,
}

impl Answer {
    /// The answer to a command that led to `outcome`.
    pub const fn new(outcome: Outcome<Orders>, success: Success) -> Self {
        Self { outcome, success }
    }

    /// 201 where the command made the order, now or before.
    pub fn status(&self) -> StatusCode {
        if self.success == Success::Created && !self.outcome.events.is_empty() {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        }
    }

    /// Whether it was carried out before.
    pub const fn is_repeat(&self) -> bool {
        self.outcome.replayed
    }

    /// Its body.
    ///
    /// # Errors
    /// Where the order has no event, which cannot be.
    pub fn told(&self) -> Result<CommandAnswer<'_>, Problem> {
        told(&self.outcome)
    }

    fn response(&self) -> Result<HttpResponse, Problem> {
        let (answer, status) = (self.told()?, self.status());
        let etag = Etag {
            version: answer.order.version,
            revision: 0,
        };
        let mut response = HttpResponse::build(status);
        response.insert_header((header::ETAG, etag.to_string()));
        response.insert_header((header::CACHE_CONTROL, CACHING));
        response.insert_header((header::VARY, VARIES));
        if status == StatusCode::CREATED {
            let location = format!("/v1/orders/{}", answer.order_id);
            response.insert_header((header::LOCATION, location));
        }
        if self.is_repeat() {
            response.insert_header(("Idempotent-Replayed", "true"));
        }
        Ok(response.json(answer))
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
