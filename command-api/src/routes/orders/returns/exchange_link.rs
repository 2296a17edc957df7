//! `POST /v1/orders/{id}/returns/{return}/exchange_link`: say which order
//! replaces the goods of a return.

use super::exchange::{check, document_of};
use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
};
use domain::order::{Part, command::LinkExchange};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The order that replaces the goods of a return.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"exchange_order_id": "01990000-0000-7000-8000-000000000000"}))]
pub struct ExchangeLinkBody {
    /// Its id; its `exchange_of` names this order and return.
    exchange_order_id: Uuid,
}

fn not_linked_back() -> Problem {
    Problem::conflict(
        "exchange_not_linked_back",
        "No such order replaces the goods of this return",
    )
    .detail("the order has to exist, and its `exchange_of` to name this order and return")
    .error("/exchange_order_id", "is not such an order")
}

answers!(Answers: 200 "Linked"; SALE, &["return_not_found", "wrong_return_status", "exchange_taken", "exchange_not_linked_back"]);

/// Link an exchange
///
/// For an exchange whose second half did not happen: the order exists and says
/// whose goods it replaces. Linking the same one again changes nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/returns/{return}/exchange_link",
    operation_id = "link_exchange",
    tag = "returns",
    params(OnOrder, ("return" = String, Path, description = "Id of the return, e.g. `r1`")),
    request_body = ExchangeLinkBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ExchangeLinkBody>) -> Result<Answer, Problem> {
    let (order_id, return_id) = (call.order_id()?, call.part("return", Part::Return)?);
    let command = LinkExchange {
        return_id,
        order_id: body.exchange_order_id,
    };
    check(&call, order_id, &command).await?;
    let exchange = document_of(&call, command.order_id).await?;
    let links_back = exchange
        .and_then(|order| order.exchange_of)
        .is_some_and(|of| of.order_id == order_id && of.return_id == *command.return_id);
    if !links_back {
        return Err(not_linked_back());
    }
    call.carry_out(command).await
}
