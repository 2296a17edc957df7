//! The answer of a command: the order's fields, flat, plus `order_id`,
//! `position` and the id that the command made.

use actix_web::{HttpResponse, http::StatusCode, http::header};
use contracts::{
    PositionToken,
    order::{self, Order},
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
    /// Id of the note that the command made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note_id: Option<String>,
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
    let answer = fold(outcome)?;
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

/// Folds the published events: what the read API will serve.
fn fold(outcome: &Outcome) -> Result<CommandAnswer, Problem> {
    let (mut document, mut last) = (None, None);
    for stored in &outcome.stream {
        let (envelope, event) = published(stored).map_err(Problem::internal)?;
        last = Some((envelope.position.clone(), made(&event)));
        document = Some(order::apply(document, &envelope, event).map_err(Problem::internal)?);
    }
    let (Some(order), Some((position, note_id))) = (document, last) else {
        return Err(Problem::internal(EmptyStream));
    };
    Ok(CommandAnswer {
        order_id: order.id,
        order,
        position,
        note_id: note_id.filter(|_| outcome.stored > 0),
    })
}

fn made(event: &order::OrderEvent) -> Option<String> {
    match event {
        order::OrderEvent::NoteAdded(note) => Some(note.note_id.clone()),
        _ => None,
    }
}

fn published(
    stored: &StoredEvent,
) -> Result<(contracts::CloudEvent, order::OrderEvent), PublishError> {
    let event = contract_event(&stored.payload, &stored.metadata.after)?;
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
