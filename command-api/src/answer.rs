//! The answer of a command: the order's fields, flat, plus `order_id`,
//! `position` and the ids that the command made.

use crate::record::Orders;
use actix_web::{HttpResponse, http::StatusCode, http::header};
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

/// Answers `outcome`. A repeat gets the first one's status and body, and says
/// so in `Idempotent-Replayed`.
pub fn answer(outcome: &Outcome<Orders>, success: Success) -> Result<HttpResponse, Problem> {
    let answer = told(outcome)?;
    let created = success == Success::Created && !outcome.events.is_empty();
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let etag = Etag {
        version: answer.order.version,
        revision: 0,
    };
    let mut response = HttpResponse::build(status);
    response.insert_header((header::ETAG, etag.to_string()));
    response.insert_header((header::CACHE_CONTROL, CACHING));
    response.insert_header((header::VARY, VARIES));
    if created {
        let location = format!("/v1/orders/{}", answer.order_id);
        response.insert_header((header::LOCATION, location));
    }
    if outcome.replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    Ok(response.json(answer))
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
