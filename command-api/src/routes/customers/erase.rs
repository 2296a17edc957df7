//! `POST /v1/customers/erase`: nothing is left of somebody's personal data.

use super::{begin, email, invalid};
use crate::{
    call::{Asked, Call},
    documented::{Headers, answers},
    refusal::rejected,
};
use actix_web::HttpResponse;
use domain::text::{Id, Slug, Text};
use infra::{
    http::Problem,
    operations::{About, OperationKind},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Whose data: a customer's (`platform` and `customer_id`), a guest's (`platform` and
/// `email`), or that of one order of a guest (`order_id`).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"platform": "web", "customer_id": "c-42", "reference": "case 12"}))]
pub struct EraseBody {
    /// Slug of the sales channel.
    #[schema(value_type = Option<String>)]
    platform: Option<Slug>,
    /// The channel's own id of the customer.
    #[schema(value_type = Option<String>)]
    customer_id: Option<Id>,
    /// The email of a guest, in any case.
    #[schema(value_type = Option<String>)]
    email: Option<Text>,
    /// An order of a guest, and those that replace goods of it.
    order_id: Option<Uuid>,
    /// Your own name for the case, which events tell everybody: no personal data.
    #[schema(value_type = Option<String>)]
    reference: Option<Id>,
}

answers!(
    Answers: 202 "It is carried out in the background" as Some("Operation");
    &["invalid_person", "order_not_found", "no_object_storage", "idempotency_key_reused"]; without orders
);

/// Erase somebody's personal data
///
/// Deletes the keys that it was sealed under, so that nobody can open what the log and
/// Kafka have of it, and then has every readable copy written anew: orders, lists,
/// searches, histories, `orders.state.v1`, caches; files of exports that were made
/// before are deleted. What stands there is `[erased]`; ids, amounts, countries and
/// statistics stay. Each order gets an event that says who asked
/// (`order.personal_data_erased`), by which subscribers know what to erase.
///
/// Of a customer all orders, also those that were linked to them; of a guest all
/// orders of the channel with this email and no customer's id, now or before. What is
/// ordered later than some seconds after the request is not part of it. It cannot be
/// taken back, and not be cancelled. A key that names scopes needs `customers:erase`.
#[utoipa::path(
    post,
    path = "/v1/customers/erase",
    operation_id = "erase_customer",
    tag = "customers",
    params(Headers),
    request_body = EraseBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<EraseBody>) -> Result<HttpResponse, Problem> {
    let about = about(body)?;
    if let Some(order) = about.order_id {
        is_a_guests(&call, order).await?;
    }
    begin(&call, OperationKind::Erasure, about).await
}

/// Whether an order has a key of its own.
///
/// # Errors
/// 404 where there is no such order; 422 where it is a customer's, whose key is that of
/// all their orders.
async fn is_a_guests(call: &Call, order_id: Uuid) -> Result<(), Problem> {
    let order = call.order(order_id).await?;
    let head = order.aggregate.head().map_err(|error| rejected(&error))?;
    match &head.customer_id {
        None => Ok(()),
        Some(customer) => Err(invalid().error(
            "/order_id",
            format!("is an order of customer {customer}: erase the customer"),
        )),
    }
}

fn about(body: EraseBody) -> Result<About, Problem> {
    let EraseBody {
        platform,
        customer_id,
        email: given,
        order_id,
        reference,
    } = body;
    let named = [customer_id.is_some(), given.is_some(), order_id.is_some()];
    if named.into_iter().filter(|named| *named).count() != 1 {
        return Err(invalid().detail("exactly one of customer_id, email and order_id says who"));
    }
    match (platform.is_some(), order_id.is_some()) {
        (false, false) => return Err(invalid().error("/platform", "is missing")),
        (true, true) => return Err(invalid().error("/platform", "is said by the order")),
        _ => {}
    }
    Ok(About {
        platform: platform.map(Into::into),
        customer_id: customer_id.map(Into::into),
        email: given.map(|given| email(&given)).transpose()?,
        order_id,
        reference: reference.map(Into::into),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn named(body: Value) -> Result<About, &'static str> {
        let body = serde_json::from_value(body).map_err(|_| "shape")?;
        about(body).map_err(|problem| problem.code())
    }

    #[test]
    fn somebody_is_named_in_one_way() {
        let guest = named(json!({"platform": "web", "email": " Ada@Example.com "}));
        let email = guest.expect("a guest").email;
        assert_eq!(email.as_deref(), Some("ada@example.com"));
        let order = json!({"order_id": "3f2c5b1e-8f7a-5a30-9a6b-9a1f0f5e2d11"});
        assert!(named(order.clone()).is_ok());
        assert!(named(json!({"platform": "web", "customer_id": "c-1"})).is_ok());
        let mut both = order;
        both["platform"] = "web".into();
        for body in [
            json!({}),
            json!({"platform": "web"}),
            json!({"customer_id": "c-1"}),
            json!({"platform": "web", "customer_id": "c-1", "email": "a@b"}),
            json!({"platform": "web", "email": "ada"}),
            both,
        ] {
            assert_eq!(named(body.clone()), Err("invalid_person"), "{body}");
        }
    }
}
