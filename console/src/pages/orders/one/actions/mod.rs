//! What may be done to an order now: forms, and the commands that they lead to.

mod command;
mod goods;
mod money;
mod offered;
mod returns;

pub use offered::offer;

use super::{Money, path};
use crate::{Failure, Posted, Refusal, session::Notice};
use actix_web::{HttpResponse, web::Path};
use command::{Command, Done};
use serde::Deserialize;
use uuid::Uuid;

/// What of a command's answer is needed here.
#[derive(Deserialize)]
struct Left {
    version: i64,
}

/// Carries out what a form asks for. Both ways lead back to the order, which says what
/// came of it: refused is told with the figures of the rule.
pub async fn handle(posted: Posted, place: Path<(Uuid, String)>) -> Result<HttpResponse, Failure> {
    let Posted { visit, fields } = posted;
    let (id, action) = place.into_inner();
    let currency = fields.required("currency", "The currency")?.to_owned();
    let Done { command, said } = match command::of(&action, &currency, &fields) {
        Ok(done) => done,
        Err(Failure::Form(wrong)) => {
            let notice = Notice::wrong(format!("{wrong}. Nothing was done."));
            return Ok(visit.see(&path(id, ""), &notice));
        }
        Err(other) => return Err(other),
    };
    let Command {
        method,
        path: below,
        body,
    } = command;
    let order = id.to_string();
    let whole: Vec<&str> = ["orders", &order]
        .into_iter()
        .chain(below.iter().map(String::as_str))
        .collect();
    let mut request = visit
        .api
        .command(method, &whole)
        .idempotency_key(fields.once()?);
    if let Some(version) = fields.number("version", "The version")? {
        request = request.if_match(version);
    }
    if let Some(body) = &body {
        request = request.json(body);
    }
    match request.send().await {
        Ok(answer) => {
            let left: Left = answer.read()?;
            let back = path(id, &format!("?at_least={}", left.version));
            Ok(visit.see(&back, &Notice::done(said)))
        }
        Err(failure) => {
            let refusal = failure.into_refusal()?;
            let money = Money {
                locale: &visit.locale,
                currency: &currency,
            };
            Ok(visit.see(&path(id, ""), &refused(&refusal, &money)))
        }
    }
}

/// A refusal, whose figures are amounts where its rule is about money.
fn refused(refusal: &Refusal, money: &Money<'_>) -> Notice {
    const ABOUT_MONEY: [&str; 8] = [
        "capture_exceeds_authorized",
        "chargeback_exceeds_captured",
        "credit_exceeds_total",
        "discount_exceeds_amount",
        "payment_captured",
        "refund_exceeds_captured",
        "refund_exceeds_overpayment",
        "unpaid",
    ];
    let mut notice = Notice::refused(refusal);
    if refusal.problem.code == "precondition_failed" {
        "Somebody has changed the order since you saw it. Nothing was done: look, then decide again"
            .clone_into(&mut notice.text);
    }
    if ABOUT_MONEY.contains(&refusal.problem.code.as_str()) {
        for (_, figure) in &mut notice.figures {
            if let Ok(minor) = figure.parse() {
                *figure = money.written(minor);
            }
        }
    }
    notice
}
