//! `POST /v1/customers/guest_orders`: what somebody ordered before they had an account.

use super::{begin, email};
use crate::{
    call::Asked,
    documented::{Headers, answers},
};
use actix_web::HttpResponse;
use domain::text::{Id, Slug, Text};
use infra::{
    http::Problem,
    operations::{About, OperationKind},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Whose orders become whose.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"platform": "web", "customer_id": "c-42", "email": "ada@example.com"}))]
pub struct GuestOrdersBody {
    /// Slug of the sales channel.
    #[schema(value_type = String)]
    platform: Slug,
    /// The channel's own id of the customer.
    #[schema(value_type = String)]
    customer_id: Id,
    /// The email that the guest gave, in any case. That it is the customer's, whoever
    /// asks has made sure.
    #[schema(value_type = String)]
    email: Text,
}

answers!(
    Answers: 202 "It is carried out in the background" as Some("Operation");
    &["invalid_person", "no_object_storage", "idempotency_key_reused"]; without orders
);

/// Give a customer the orders of a guest
///
/// Each order of the channel that was placed without a customer's id and with this
/// email is linked to the customer (`order.customer_linked`), whatever became of it.
/// Orders of other customers with the same email stay theirs. The answer is an
/// operation: `GET /v1/operations/{id}` says how far it is.
#[utoipa::path(
    post,
    path = "/v1/customers/guest_orders",
    operation_id = "merge_guest_orders",
    tag = "customers",
    params(Headers),
    request_body = GuestOrdersBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<GuestOrdersBody>) -> Result<HttpResponse, Problem> {
    let about = About {
        platform: Some(body.platform.into()),
        customer_id: Some(body.customer_id.into()),
        email: Some(email(&body.email)?),
        ..About::default()
    };
    begin(&call, OperationKind::GuestOrders, about).await
}
