//! The answer of a command: the order's fields, flat, plus `order_id`,
//! `position` and the ids that the command made.

use actix_web::{HttpResponse, http::StatusCode, http::header};
use contracts::{
    CloudEvent, PositionToken,
    order::{self, Made, Order, OrderEvent},
    topics,
};
use domain::order::contract_event;
use infra::{
    command::Outcome,
    http::{CACHING, Etag, Problem, VARIES},
    log::StoredEvent,
};
use serde::Serialize;
use uuid::Uuid;

/// The order as a command left it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CommandAnswer {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
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
pub fn answer(outcome: &Outcome, success: Success) -> Result<HttpResponse, Problem> {
    let answer = told(outcome)?;
    let created = success == Success::Created && outcome.stored > 0;
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

/// The order at the end of `stream`, as the read API will serve it; none
/// where there are no events.
pub fn document(stream: &[StoredEvent]) -> Result<Option<Order>, Problem> {
    fold(stream, |_, _, _| ())
}

fn told(outcome: &Outcome) -> Result<CommandAnswer, Problem> {
    // Those of the command itself are the last ones.
    let others = outcome.stream.len().saturating_sub(outcome.stored);
    let (mut made, mut position) = (Made::default(), None);
    let document = fold(&outcome.stream, |index, envelope, event| {
        position = Some(envelope.position.clone());
        if index >= others {
            made.note(event);
        }
    })?;
    let (Some(order), Some(position)) = (document, position) else {
        return Err(Problem::internal(EmptyStream));
    };
    Ok(CommandAnswer {
        order_id: order.id,
        order,
        position,
        made,
    })
}

/// Folds the published events, and shows `each` of them.
fn fold(
    stream: &[StoredEvent],
    mut each: impl FnMut(usize, &CloudEvent, &OrderEvent),
) -> Result<Option<Order>, Problem> {
    let mut document = None;
    for (index, stored) in stream.iter().enumerate() {
        let (envelope, event) = published(stored).map_err(Problem::internal)?;
        each(index, &envelope, &event);
        document = Some(order::apply(document, &envelope, event).map_err(Problem::internal)?);
    }
    Ok(document)
}

fn published(stored: &StoredEvent) -> Result<(CloudEvent, OrderEvent), PublishError> {
    let written = (
        stored.event_type.as_str(),
        stored.event_version.as_str(),
        stored.payload.as_str(),
    );
    let event = contract_event(written, &stored.metadata.after)?;
    let envelope = stored.envelope(event.event_type(), &topics::ORDERS)?;
    Ok((envelope, event))
}

#[derive(Debug, thiserror::Error)]
enum PublishError {
    #[error("a stored event cannot be read")]
    Contract(#[from] domain::order::ContractError),
    #[error("an order's id is not a UUID")]
    Id(#[from] uuid::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("a command succeeded on an order without events")]
struct EmptyStream;
