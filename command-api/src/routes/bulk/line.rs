//! One line of a body as the call that it is.

use super::operations::{Collection, Operation};
use crate::{
    call::{Parts, Told},
    headers::valid_causation,
    reference::Rehearsals,
    routes::orders::create::named,
};
use actix_web::web::Bytes;
use domain::{
    ids,
    text::{Id, Slug},
};
use infra::http::{IfMatch, Principal, Problem, TraceContext, access, body::parse, valid_key};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use uuid::Uuid;

/// What all lines of a request have in common.
pub struct Common {
    /// Whether platforms of imported orders are made where there are none.
    pub create_platforms: bool,
    /// The trace of the request.
    pub trace: TraceContext,
    /// Where nothing is to be stored.
    pub rehearsal: Option<Arc<Rehearsals>>,
}

/// A line that can be carried out.
pub struct Parsed {
    /// Which command.
    pub operation: &'static Operation,
    /// As a request would say it, but for its body.
    pub told: Told,
    /// Its body.
    pub body: Bytes,
    /// What it is about: it waits for earlier lines about the same.
    pub subjects: Vec<Uuid>,
}

/// A line that cannot, as far as it is understood.
pub struct Refused {
    /// What it calls its command.
    pub op: Option<String>,
    /// Its key.
    pub key: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

/// The text of a line. What a request says in its path and its headers stands
/// beside the body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    op: String,
    key: Option<String>,
    order_id: Option<String>,
    order: Option<Named>,
    line: Option<String>,
    discount: Option<String>,
    payment: Option<String>,
    capture: Option<String>,
    refund: Option<String>,
    fulfillment: Option<String>,
    #[serde(rename = "return")]
    returned: Option<String>,
    tag: Option<String>,
    platform: Option<String>,
    sku: Option<String>,
    zone: Option<String>,
    method: Option<String>,
    if_match: Option<i64>,
    causation_id: Option<String>,
    body: Option<Box<RawValue>>,
}

/// An order by what its channel calls it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    platform: Slug,
    external_id: Id,
}

/// What a body that makes an order says of which one: the rest is the
/// command's.
#[derive(Deserialize)]
struct Made {
    platform: Slug,
    external_id: Option<Id>,
}

/// What a body that links an exchange says of its order.
#[derive(Deserialize)]
struct Linked {
    exchange_order_id: Uuid,
}

/// Reads a line that `principal` has sent.
pub fn read(text: &[u8], principal: Principal, common: &Common) -> Result<Parsed, Refused> {
    let mut text: Text = parse(text).map_err(|problem| Refused {
        op: None,
        key: None,
        problem,
    })?;
    let (op, key) = (text.op.clone(), text.key.take());
    let told = key.clone();
    understood(text, key, principal, common).map_err(|problem| Refused {
        op: Some(op),
        key: told,
        problem,
    })
}

/// What a line says, whoever has sent it.
struct Said {
    operation: &'static Operation,
    key: Option<String>,
    parts: Parts,
    body: Bytes,
    if_match: Option<i64>,
    causation_id: Option<String>,
}

fn said(mut text: Text, key: Option<String>) -> Result<Said, Problem> {
    let operation = Operation::named(&text.op).ok_or_else(unknown)?;
    let key = key.map(valid_key).transpose()?;
    let parts = parts(operation, &mut text)?;
    let body = text.body.as_ref().map_or("{}", |body| body.get());
    Ok(Said {
        operation,
        key,
        parts,
        body: Bytes::copy_from_slice(body.as_bytes()),
        if_match: text.if_match,
        causation_id: text.causation_id.map(valid_causation).transpose()?,
    })
}

fn understood(
    text: Text,
    key: Option<String>,
    principal: Principal,
    common: &Common,
) -> Result<Parsed, Problem> {
    let said = said(text, key)?;
    let (operation, body) = (said.operation, said.body);
    access::check(&principal, operation.method, operation.path)?;
    if let Some(platform) = said.parts.get("slug") {
        principal.check_platform(platform)?;
    }
    let key = said.key.ok_or_else(without_key)?;
    let subjects = subjects(operation, &said.parts, &principal.id, &key, &body);
    let told = Told {
        principal,
        route: (
            operation.method.to_owned(),
            operation.path.to_owned(),
            said.parts,
        ),
        key: Some(key),
        if_match: said
            .if_match
            .map(|version| IfMatch::Versions(vec![version])),
        causation_id: said.causation_id,
        trace: common.trace.clone(),
        is_line: true,
        create_platforms: common.create_platforms,
        rehearsal: common.rehearsal.clone(),
    };
    Ok(Parsed {
        operation,
        told,
        body,
        subjects,
    })
}

/// Whether a line can be carried out, as far as the line itself says so; its
/// command and its key. One that is sent in somebody's name needs no key of its
/// own.
pub fn check(text: &[u8]) -> Result<(&'static str, Option<String>), Refused> {
    let mut text: Text = parse(text).map_err(|problem| Refused {
        op: None,
        key: None,
        problem,
    })?;
    let (op, key) = (text.op.clone(), text.key.take());
    let told = key.clone();
    let checked = said(text, key).and_then(|said| {
        (said.operation.check)(&said.body)?;
        Ok((said.operation.name, said.key))
    });
    checked.map_err(|problem| Refused {
        op: Some(op),
        key: told,
        problem,
    })
}

/// The parts of the command's path; a line has these and no others.
fn parts(operation: &Operation, text: &mut Text) -> Result<Parts, Problem> {
    let mut parts = Parts::new();
    let order = text.order.take().map(|order| {
        let id = ids::order_id_of_external(&order.platform, &order.external_id);
        id.hyphenated().to_string()
    });
    if text.order_id.is_some() && order.is_some() {
        return Err(misplaced("order", "is said by order_id already"));
    }
    let mut given = [
        ("id", "order_id", text.order_id.take().or(order)),
        ("line", "line", text.line.take()),
        ("discount", "discount", text.discount.take()),
        ("payment", "payment", text.payment.take()),
        ("capture", "capture", text.capture.take()),
        ("refund", "refund", text.refund.take()),
        ("fulfillment", "fulfillment", text.fulfillment.take()),
        ("return", "return", text.returned.take()),
        ("tag", "tag", text.tag.take()),
        ("slug", "platform", text.platform.take()),
        ("sku", "sku", text.sku.take()),
        ("zone id", "zone", text.zone.take()),
        ("method id", "method", text.method.take()),
    ];
    for part in operation.parts() {
        // Ids of other things than orders stand in their paths as `id`, too.
        let named = match operation.collection() {
            Some(Collection::Zones) => "zone id",
            Some(Collection::Methods) => "method id",
            _ => part,
        };
        let there = given.iter_mut().find(|(name, ..)| *name == named);
        let Some((_, member, value)) = there else {
            continue;
        };
        let value = value
            .take()
            .ok_or_else(|| misplaced(member, "is missing"))?;
        parts.insert(part.to_owned(), value);
    }
    match given.iter().find(|(.., value)| value.is_some()) {
        Some((_, member, _)) => Err(misplaced(member, "is no part of this op")),
        None => Ok(parts),
    }
}

/// What a line is about, as far as it says so: one that does not will be
/// refused.
fn subjects(
    operation: &Operation,
    parts: &Parts,
    principal: &str,
    key: &str,
    body: &[u8],
) -> Vec<Uuid> {
    if let Some(collection) = operation.collection() {
        let key = parts.values().next();
        return key.map(|key| collection.id(key)).into_iter().collect();
    }
    let Some(order) = parts.get("id") else {
        let route = format!("{} {}", operation.method, operation.path);
        let made = serde_json::from_slice::<Made>(body).ok();
        let order = made.and_then(|made| {
            let external_id = made.external_id.as_ref();
            named(principal, &route, Some(key), &made.platform, external_id)
        });
        return order.into_iter().collect();
    };
    let Ok(order) = Uuid::try_parse(order) else {
        return Vec::new();
    };
    let exchange = parts
        .get("return")
        .map(|returned| ids::order_id_of_exchange(order, returned));
    let linked = serde_json::from_slice::<Linked>(body).ok();
    let linked = linked.map(|linked| linked.exchange_order_id);
    [Some(order), exchange, linked]
        .into_iter()
        .flatten()
        .collect()
}

fn unknown() -> Problem {
    Problem::bad_request("unknown_op", "There is no such command")
        .detail("an op is the operationId of a command in /openapi.json")
        .error("/op", "is not the name of a command")
}

fn without_key() -> Problem {
    Problem::bad_request("idempotency_key_required", "A key is needed").error("/key", "is missing")
}

fn misplaced(member: &str, detail: &str) -> Problem {
    Problem::bad_request(
        "invalid_body",
        "The line does not have the documented shape",
    )
    .detail(format!("/{member}: {detail}"))
    .error(format!("/{member}"), detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<Parsed, (&'static str, String)> {
        let principal = Principal::for_everything("key_1");
        let common = Common {
            trace: TraceContext::of(&actix_web::http::header::HeaderMap::new()),
            create_platforms: false,
            rehearsal: None,
        };
        read(text.as_bytes(), principal, &common).map_err(|refused| {
            let errors = refused.problem.document(None, None).errors;
            let pointer = errors.into_iter().next().and_then(|error| error.pointer);
            (refused.problem.code(), pointer.unwrap_or_default())
        })
    }

    #[test]
    fn a_line_is_the_request_of_its_route() {
        let id = "01990000-0000-7000-8000-000000000000";
        let text = format!(
            r#"{{"op": "capture_payment", "key": "k", "order_id": "{id}", "payment": "p1", "if_match": 7, "body": {{"amount":  5}}}}"#
        );
        let line = line(&text).map_err(|e| e.0).expect("a line");
        let (method, path, parts) = line.told.route;
        assert_eq!(
            (&*method, &*path),
            (line.operation.method, line.operation.path)
        );
        assert_eq!((&*parts["id"], &*parts["payment"]), (id, "p1"));
        // Byte for byte: the payload of a repeat is that of the request.
        assert_eq!(line.body, r#"{"amount":  5}"#);
        assert_eq!(line.told.if_match, Some(IfMatch::Versions(vec![7])));
        assert_eq!(line.subjects, [id.parse::<Uuid>().expect("an id")]);
    }

    #[test]
    fn lines_about_one_order_say_so_however_they_name_it() {
        let of = |text: &str| line(text).map_err(|e| e.0).expect("a line").subjects;
        let placed = of(
            r#"{"op": "place_order", "key": "a", "body": {"platform": "web", "external_id": "1", "lines": "wrong"}}"#,
        );
        let noted = of(
            r#"{"op": "add_note", "key": "b", "order": {"platform": "web", "external_id": "1"}, "body": {"text": "x"}}"#,
        );
        assert_eq!(placed, noted);
        assert_eq!(placed.len(), 1);
        let id = placed[0];
        let linked = of(&format!(
            r#"{{"op": "link_exchange", "key": "d", "order_id": "{}", "return": "r1", "body": {{"exchange_order_id": "{id}"}}}}"#,
            Uuid::nil()
        ));
        assert!(linked.contains(&id) && linked.contains(&Uuid::nil()));
        let unnamed = r#"{"op": "place_order", "key": "c", "body": {"platform": "web"}}"#;
        assert_ne!(of(unnamed), placed);
        assert_eq!(of(unnamed), of(unnamed));
    }

    #[test]
    fn what_is_wrong_with_a_line_is_pointed_at() {
        for (text, code, pointer) in [
            ("", "invalid_json", ""),
            ("{}", "invalid_body", "/op"),
            (r#"{"op": "place_order", "op": "x"}"#, "invalid_json", ""),
            (r#"{"op": "fly", "key": "k"}"#, "unknown_op", "/op"),
            (
                r#"{"op": "place_order"}"#,
                "idempotency_key_required",
                "/key",
            ),
            (
                r#"{"op": "place_order", "key": "a b"}"#,
                "invalid_idempotency_key",
                "",
            ),
            (
                r#"{"op": "add_note", "key": "k"}"#,
                "invalid_body",
                "/order_id",
            ),
            (
                r#"{"op": "place_order", "key": "k", "payment": "p1"}"#,
                "invalid_body",
                "/payment",
            ),
            (
                r#"{"op": "add_note", "key": "k", "order_id": "x", "order": {"platform": "w", "external_id": "1"}}"#,
                "invalid_body",
                "/order",
            ),
            (
                r#"{"op": "add_note", "key": "k", "colour": 1}"#,
                "invalid_body",
                "/colour",
            ),
        ] {
            let refused = line(text).err().expect("refused");
            assert_eq!(refused, (code, pointer.to_owned()), "{text}");
        }
    }
}
