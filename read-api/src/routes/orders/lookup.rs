//! `POST /v1/orders/lookup`: many orders by their ids, in one statement.

use super::store;
use crate::{
    consistency::{Consistency, PREFERENCE_APPLIED},
    documented::{FieldsOf, MinPosition, Refused, RefusedBody, ToldNow, parts_of},
    fields::{self, Fields},
    lag,
    one::Document,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::CACHE_CONTROL,
    web::{Bytes, Data},
};
use contracts::order::Order;
use infra::http::{CACHING, Problem, Query, Sent};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};
use uuid::Uuid;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["fields", "min_position"];
/// Most ids of one request.
const MOST: usize = 1_000;

/// Which orders.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ids": ["01890a5d-ac96-774b-bcce-b302099a8057"]}))]
pub struct Lookup {
    /// 1 to 1,000 order ids
    #[schema(min_items = 1, max_items = 1_000)]
    ids: Vec<Uuid>,
}

/// The orders; put together of stored JSON, never of this.
#[derive(Serialize, ToSchema)]
pub struct Looked {
    #[schema(schema_with = described)]
    data: Vec<Order>,
    /// Ids of no order.
    missing: Vec<Uuid>,
}

fn described() -> RefOr<Schema> {
    parts_of::<Order>(
        "In the order in which they were asked for, those in `missing` left out; an id that was \
         asked for twice is there twice.",
    )
}

/// Orders by id
///
/// Up to 1,000 orders at once, in the order of their ids in the request. It
/// changes nothing; it is POST for the length of its question.
#[utoipa::path(
    post,
    path = "/v1/orders/lookup",
    operation_id = "lookup_orders",
    tag = "orders",
    params(
        FieldsOf,
        MinPosition,
        ("Prefer" = Option<String>, Header, description = "`wait=N`: at most N seconds (2 if absent, at most 30); `handling=strict`: 503 rather than an older answer", example = "wait=5"),
    ),
    request_body = Lookup,
    responses(ToldNow<Looked>, Refused, RefusedBody),
    security(("api_key" = []))
)]
pub async fn handle(
    Sent { principal, body }: Sent<Lookup>,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let consistency = Consistency::of(&request, &query)?;
    let fields = Fields::of(&query, &fields::ORDER)?;
    let ids = body.ids;
    if ids.is_empty() || ids.len() > MOST {
        let detail = format!("must be 1 to {MOST} ids");
        return Err(
            Problem::bad_request("invalid_body", "The body is not what this route takes")
                .error("/ids", detail),
        );
    }
    let route = consistency.wait(&state, None).await?.route;
    let asked = &ids;
    let read = route.read(|views| async move { store::orders(&views, asked).await });
    let (mut found, by) = read.await.map_err(|error| Problem::database(&error))?;
    found.retain(|_, (platform, _)| principal.sees(platform));
    let mut found: HashMap<_, _> = found
        .into_iter()
        .map(|(id, (_, order))| (id, order))
        .collect();
    if let Some(fields) = fields {
        for order in found.values_mut() {
            order.json = fields.of_stored(&order.json)?;
        }
    }
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, CACHING))
        .insert_header((lag::HEADER, state.lag.header(by)));
    if let Some(applied) = consistency.applied() {
        response.insert_header((PREFERENCE_APPLIED, applied));
    }
    let answer = told(&ids, &found);
    Ok(response.content_type("application/json").body(answer))
}

fn told(ids: &[Uuid], found: &HashMap<Uuid, Document>) -> Bytes {
    let (mut body, mut missing) = (b"{\"data\":[".to_vec(), Vec::new());
    let mut first = true;
    for id in ids {
        let Some(order) = found.get(id) else {
            missing.push(format!("\"{id}\""));
            continue;
        };
        if !first {
            body.push(b',');
        }
        first = false;
        body.extend_from_slice(order.json.as_bytes());
    }
    body.extend_from_slice(b"],\"missing\":[");
    body.extend_from_slice(missing.join(",").as_bytes());
    body.extend_from_slice(b"]}");
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use infra::http::Etag;

    #[test]
    fn orders_come_as_they_were_asked_for_and_what_is_missing_is_named() {
        let [a, b, c] = [1, 2, 3].map(Uuid::from_u128);
        let document = |json: &str| Document {
            etag: Etag {
                version: 1,
                revision: 0,
            },
            json: json.to_owned(),
            parked: false,
        };
        let found = HashMap::from([(a, document("{\"n\":1}")), (c, document("{\"n\":3}"))]);
        assert_eq!(
            told(&[c, b, a, c], &found),
            format!("{{\"data\":[{{\"n\":3}},{{\"n\":1}},{{\"n\":3}}],\"missing\":[\"{b}\"]}}")
        );
        assert_eq!(
            told(&[b], &found),
            format!("{{\"data\":[],\"missing\":[\"{b}\"]}}")
        );
    }
}
