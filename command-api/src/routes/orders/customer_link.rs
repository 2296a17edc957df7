//! `POST /v1/orders/{id}/customer_link`: a guest turned out to be a customer.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{ANY, OnOrder, answers},
};
use domain::{order::command::LinkCustomer, text::Id};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// Whose order it is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_id": "c-42"}))]
pub struct LinkCustomerBody {
    /// The platform's own id of the customer.
    #[schema(value_type = String)]
    customer_id: Id,
}

answers!(Answers: 200 "Linked"; ANY, &["order_is_draft", "customer_known"]);

/// Link a guest's order to a customer
///
/// Whatever became of the order: name, email and all that was agreed on stay as they
/// are. An order that is the customer's already stays as it is; one of another
/// customer is refused. `POST /v1/customers/guest_orders` does it for all orders with
/// an email.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/customer_link",
    operation_id = "link_customer",
    tag = "customers",
    params(OnOrder),
    request_body = LinkCustomerBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<LinkCustomerBody>) -> Result<Answer, Problem> {
    let customer_id = body.customer_id;
    call.carry_out(LinkCustomer { customer_id }).await
}
