//! From the fields of a form to a command of the API.

use crate::{Failure, Fields, locale::typed_amount};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// A command on an order.
#[derive(Debug, PartialEq)]
pub struct Command {
    /// What the order is among: `orders`, or `drafts` for what only they can be told.
    pub among: &'static str,
    /// How it is sent.
    pub method: Method,
    /// Its path below the order's.
    pub path: Vec<String>,
    /// What it says; none: nothing.
    pub body: Option<Value>,
}

/// A command, and what is said once it was carried out.
#[derive(Debug, PartialEq)]
pub struct Done {
    /// The command.
    pub command: Command,
    /// In a sentence.
    pub said: &'static str,
}

/// The command that a form asks for.
///
/// # Errors
/// A field that cannot be read; an action that there is not.
pub fn of(action: &str, currency: &str, fields: &Fields) -> Result<Done, Failure> {
    let form = Form { fields, currency };
    match action {
        "capture" | "void" | "refund" => form.about_money(action),
        "fulfill" | "ship" | "deliver" | "cancel_fulfillment" => form.about_goods(action),
        "return" | "approve" | "decline" | "receive" | "close" | "cancel_return" => {
            form.about_returns(action)
        }
        _ => form.about_all(action),
    }
}

/// A command by POST.
fn post(path: &[&str], body: Value, said: &'static str) -> Done {
    let mut done = bare(Method::POST, path, said);
    done.command.body = Some(body);
    done
}

/// The command that makes an order of a draft, as it is.
fn complete() -> Done {
    let mut done = post(&["complete"], json!({}), "Placed.");
    done.command.among = "drafts";
    done
}

/// A command without a body.
fn bare(method: Method, path: &[&str], said: &'static str) -> Done {
    let path = path.iter().map(|&segment| segment.to_owned()).collect();
    let command = Command {
        among: "orders",
        method,
        path,
        body: None,
    };
    Done { command, said }
}

struct Form<'a> {
    fields: &'a Fields,
    currency: &'a str,
}

impl Form<'_> {
    fn about_money(&self, action: &str) -> Result<Done, Failure> {
        if action == "refund" {
            return Ok(post(&["refunds"], self.refund()?, "Refunded."));
        }
        let path = ["payments", self.part("payment")?, action];
        Ok(if action == "capture" {
            let body = json!({"amount": self.amount()?, "currency": self.currency});
            post(&path, body, "Captured.")
        } else {
            post(&path, self.with_reason(json!({})), "Voided.")
        })
    }

    fn about_goods(&self, action: &str) -> Result<Done, Failure> {
        if action == "fulfill" {
            let body = json!({"lines": self.units()?});
            return Ok(post(&["fulfillments"], body, "A fulfilment was created."));
        }
        let step = action.trim_end_matches("_fulfillment");
        let path = ["fulfillments", self.part("fulfillment")?, step];
        Ok(match step {
            "ship" => post(&path, self.shipment()?, "Shipped."),
            "deliver" => post(&path, json!({}), "Delivered."),
            _ => {
                let body = self.with_reason(json!({}));
                post(&path, body, "The fulfilment was cancelled.")
            }
        })
    }

    fn about_returns(&self, action: &str) -> Result<Done, Failure> {
        if action == "return" {
            let body = self.with_reason(json!({"lines": self.units()?}));
            return Ok(post(&["returns"], body, "A return was asked for."));
        }
        let step = action.trim_end_matches("_return");
        let path = ["returns", self.part("return")?, step];
        Ok(match step {
            "receive" => post(&path, self.received()?, "Goods were received."),
            _ => post(&path, self.with_reason(json!({})), "The return went on."),
        })
    }

    /// About the order as a whole.
    fn about_all(&self, action: &str) -> Result<Done, Failure> {
        let fields = self.fields;
        Ok(match action {
            "complete" => complete(),
            "confirm" => post(&["confirm"], json!({}), "Confirmed."),
            "hold" | "cancel" => {
                let reason = fields.required("reason", "The reason")?;
                let said = if action == "hold" {
                    "On hold."
                } else {
                    "Cancelled."
                };
                post(&[action], json!({"reason": reason}), said)
            }
            "release" => {
                let mut body = json!({});
                if let Some(hold) = fields.one("hold") {
                    body["hold_id"] = hold.into();
                }
                post(&["release"], self.with_reason(body), "Released.")
            }
            "note" => {
                // The API takes no line ends.
                let lines = fields.required("text", "The note")?.lines();
                let text = lines.map(str::trim).collect::<Vec<_>>().join(" ");
                post(&["notes"], json!({"text": text}), "Noted.")
            }
            "tag" => bare(Method::PUT, &["tags", self.tag()?], "Tagged."),
            "untag" => bare(Method::DELETE, &["tags", self.tag()?], "Untagged."),
            "invoice" => bare(Method::POST, &["invoice"], "It has an invoice."),
            "archive" => post(&["archive"], json!({}), "Archived."),
            "unarchive" => post(&["unarchive"], json!({}), "Not archived any more."),
            _ => return Err(Failure::Unknown),
        })
    }

    fn part(&self, field: &str) -> Result<&str, Failure> {
        self.fields.required(field, "What it is about")
    }

    fn tag(&self) -> Result<&str, Failure> {
        self.fields.required("tag", "The tag")
    }

    fn amount(&self) -> Result<i64, Failure> {
        let text = self.fields.required("amount", "The amount")?;
        typed_amount(text, self.currency).ok_or_else(|| {
            let currency = self.currency;
            Failure::Form(format!(
                "The amount has to be one of {currency}, such as 12.50"
            ))
        })
    }

    fn with_reason(&self, mut body: Value) -> Value {
        if let Some(reason) = self.fields.one("reason") {
            body["reason"] = reason.into();
        }
        body
    }

    fn refund(&self) -> Result<Value, Failure> {
        let mut body = json!({
            "payment_id": self.fields.required("payment", "The payment")?,
            "amount": self.amount()?,
            "currency": self.currency,
            "reason": self.fields.required("reason", "The reason")?,
        });
        if let Some(purpose) = self.fields.one("purpose") {
            body["purpose"] = purpose.into();
        }
        if let Some(returned) = self.fields.one("return") {
            body["return_id"] = returned.into();
            body["purpose"] = "return".into();
        }
        Ok(body)
    }

    fn shipment(&self) -> Result<Value, Failure> {
        let mut body = Map::new();
        for name in ["carrier", "tracking_number", "tracking_url"] {
            if let Some(text) = self.fields.one(name) {
                body.insert(name.to_owned(), text.into());
            }
        }
        let mut body = Value::Object(body);
        if self.fields.one("force").is_some() {
            self.fields
                .required("reason", "The reason to ship what is unpaid")?;
            body["force"] = true.into();
        }
        Ok(self.with_reason(body))
    }

    /// The units of each line that the form has a number for: `quantity.l1`.
    fn units(&self) -> Result<Vec<Value>, Failure> {
        let units = self.numbers("quantity")?;
        if units.is_empty() {
            return Err(Failure::Form(
                "At least one unit has to be chosen".to_owned(),
            ));
        }
        let units = units.into_iter();
        Ok(units
            .map(|(line, quantity)| json!({"line": line, "quantity": quantity}))
            .collect())
    }

    /// The same of goods that came back, each line's as good as new or not.
    fn received(&self) -> Result<Value, Failure> {
        let received = self.numbers("quantity")?;
        if received.is_empty() {
            return Err(Failure::Form(
                "At least one unit has to be there".to_owned(),
            ));
        }
        let mut lines = Vec::new();
        for (line, quantity) in received {
            let resellable = self.fields.one(&format!("resellable.{line}")).is_some();
            lines.push(json!({"line": line, "quantity": quantity, "resellable": resellable}));
        }
        Ok(json!({"lines": lines}))
    }

    /// Numbers above zero, by the line that the field's name ends with.
    fn numbers(&self, name: &str) -> Result<Vec<(String, i64)>, Failure> {
        let mut numbers = Vec::new();
        for (field, _) in self.fields.pairs() {
            let line = field
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('.'));
            let Some(line) = line else {
                continue;
            };
            let number = self.fields.number(field, "A quantity")?;
            if let Some(number) = number.filter(|number| *number != 0) {
                numbers.push((line.to_owned(), number));
            }
        }
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(action: &str, pairs: &[(&str, &str)]) -> Command {
        of(action, "EUR", &Fields::filled_in(pairs))
            .expect("a command")
            .command
    }

    #[test]
    fn amounts_are_minor_units_of_the_orders_currency() {
        let capture = made("capture", &[("payment", "p1"), ("amount", "19,29")]);
        assert_eq!(capture.path, ["payments", "p1", "capture"]);
        assert_eq!(
            capture.body,
            Some(json!({"amount": 1929, "currency": "EUR"}))
        );
        let wrong = of(
            "capture",
            "EUR",
            &Fields::filled_in(&[("payment", "p1"), ("amount", "1.234,5")]),
        );
        assert!(matches!(wrong, Err(Failure::Form(_))));
    }

    #[test]
    fn units_are_those_of_lines_that_have_a_number() {
        let pairs = [
            ("quantity.l1", "2"),
            ("quantity.l2", ""),
            ("quantity.l3", "0"),
        ];
        let fulfill = made("fulfill", &pairs);
        assert_eq!(
            fulfill.body,
            Some(json!({"lines": [{"line": "l1", "quantity": 2}]}))
        );
        assert!(of("fulfill", "EUR", &Fields::filled_in(&pairs[1..])).is_err());
        let received = made(
            "receive",
            &[
                ("return", "r1"),
                ("quantity.l1", "2"),
                ("resellable.l1", "yes"),
            ],
        );
        assert_eq!(
            received.body,
            Some(json!({"lines": [{"line": "l1", "quantity": 2, "resellable": true}]}))
        );
    }

    #[test]
    fn a_refund_for_a_return_is_one() {
        let pairs = [("payment", "p1"), ("amount", "5"), ("reason", "broken")];
        let goodwill = made("refund", &pairs).body.expect("a body");
        assert!(goodwill["purpose"].is_null());
        let of_return = [&pairs[..], &[("return", "r1"), ("purpose", "goodwill")]].concat();
        let refund = made("refund", &of_return).body.expect("a body");
        assert_eq!(
            (&refund["purpose"], &refund["return_id"]),
            (&json!("return"), &json!("r1"))
        );
    }

    #[test]
    fn what_there_is_not_is_not_done() {
        assert!(matches!(
            of("drop", "EUR", &Fields::filled_in(&[])),
            Err(Failure::Unknown)
        ));
        assert!(matches!(
            of("hold", "EUR", &Fields::filled_in(&[])),
            Err(Failure::Form(_))
        ));
        let complete = made("complete", &[]);
        assert_eq!(
            (complete.among, &complete.path[..]),
            ("drafts", &["complete".to_owned()][..])
        );
        let step = made("cancel_return", &[("return", "r1")]);
        assert_eq!(step.among, "orders");
        assert_eq!(step.path, ["returns", "r1", "cancel"]);
    }
}
