//! What is recorded of orders and of invoice registers.

use contracts::{
    order::{self as published, After, Order as Document},
    topics,
};
use domain::{
    invoice_register::{InvoiceRegister, InvoiceRegisterEvent},
    order::{self, Order, OrderEvent},
};
use infra::{
    command::{BoxError, Recording},
    log::StoredEvent,
};
use uuid::Uuid;

/// Orders; commands answer with the document that the read API will serve.
#[derive(Debug)]
pub struct Orders;

impl Recording for Orders {
    type Aggregate = Order;
    type After = After;
    type View = Document;

    const SNAPSHOTS: Option<i32> = Some(1);

    fn after(order: &Order, version: i64) -> Result<After, BoxError> {
        Ok(order::after(order, version)?)
    }

    fn subject(order: &Order) -> Option<Uuid> {
        order.subject()
    }

    fn view(
        document: Option<Document>,
        event: &OrderEvent,
        after: After,
        stored: &StoredEvent,
    ) -> Result<Document, BoxError> {
        let fact = event.clone().into();
        let event = published::OrderEvent { fact, after };
        let envelope = stored.envelope(event.event_type(), &topics::ORDERS)?;
        Ok(published::apply(document, &envelope, event)?)
    }
}

/// Invoice registers: no personal data, and nobody else's business.
#[derive(Debug)]
pub struct Registers;

impl Recording for Registers {
    type Aggregate = InvoiceRegister;
    type After = InvoiceRegister;
    type View = ();

    const LAST_EVENT_SAYS_ALL: bool = true;

    fn after(register: &InvoiceRegister, _: i64) -> Result<InvoiceRegister, BoxError> {
        Ok(register.clone())
    }

    fn subject(_: &InvoiceRegister) -> Option<Uuid> {
        None
    }

    fn view(
        _: Option<()>,
        _: &InvoiceRegisterEvent,
        _: InvoiceRegister,
        _: &StoredEvent,
    ) -> Result<(), BoxError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::{LogPosition, order::Tagged};
    use domain::{
        ids,
        order::{command::*, decide, evolve},
    };
    use infra::log::Metadata;
    use serde_json::{Value, json};
    use time::OffsetDateTime;

    /// What snapshots were written like when this schema version began.
    const KEPT: &str = include_str!("../fixtures/order-snapshot-1.json");

    fn place() -> OrderCommand {
        let line = NewLine {
            sku: "A".try_into().expect("valid"),
            name: "Lamp".try_into().expect("valid"),
            quantity: 3,
            unit_price: "2.55".parse().expect("valid"),
            tax: 7,
            discount: 5,
        };
        let order = NewOrder {
            country: None,
            order_id: ids::order_id_of_external("web", "1"),
            number: "1001".into(),
            platform: "web".try_into().expect("valid"),
            external_id: Some("1".try_into().expect("valid")),
            currency: "GBP".parse().expect("known"),
            prices_include_tax: false,
            customer: None,
            lines: vec![line],
            shipping: None,
            billing_address: None,
            shipping_address: None,
            tags: vec!["vip".try_into().expect("valid")],
        };
        let (placed_at, exchange_of) = (OffsetDateTime::UNIX_EPOCH, None);
        PlaceOrder {
            order,
            placed_at,
            exchange_of,
        }
        .into()
    }

    fn history() -> Vec<OrderCommand> {
        let id = |id: &str| id.try_into().expect("valid");
        let words = |words: &str| words.try_into().expect("valid");
        let sum = |amount| Sum {
            amount,
            currency: None,
        };
        vec![
            place(),
            AuthorizePayment {
                sum: sum(767),
                provider: Some(id("bank")),
                reference: None,
            }
            .into(),
            CapturePayment {
                payment: id("p1"),
                amount: Some(700),
                currency: None,
                pending: false,
                occurred_at: None,
            }
            .into(),
            CapturePayment {
                payment: id("p1"),
                amount: Some(60),
                currency: None,
                pending: true,
                occurred_at: None,
            }
            .into(),
            PlaceHold {
                reason: words("look"),
                handle: Some(id("desk")),
            }
            .into(),
            AddNote {
                text: words("call back"),
            }
            .into(),
            IssueInvoice { number: Some(7) }.into(),
        ]
    }

    fn stored(version: i64) -> StoredEvent {
        StoredEvent {
            aggregate_type: "order".into(),
            aggregate_id: ids::order_id_of_external("web", "1").to_string(),
            sequence: version,
            event_type: String::new(),
            event_version: String::new(),
            payload: String::new(),
            metadata: Metadata::default(),
            at: LogPosition::START,
            recorded_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    /// A snapshot of an older release is read by a newer one, as long as the
    /// schema version is the same: aggregate and document must be what they
    /// were. Where this fails, raise `Orders::SNAPSHOTS`, and write the fixture
    /// of that version.
    #[test]
    fn a_snapshot_is_what_it_was_when_its_version_began() {
        let (mut order, mut document, mut version) = (Order::default(), None, 0);
        let mut step = |event: OrderEvent| {
            version += 1;
            order = evolve(std::mem::take(&mut order), &event);
            let after = Orders::after(&order, version).expect("sums that fit");
            let next = Orders::view(document.take(), &event, after, &stored(version));
            document = Some(next.expect("a document"));
            order.clone()
        };
        let mut now = Order::default();
        for command in history() {
            for event in decide(&now, command).expect("allowed") {
                now = step(event);
            }
        }
        step(Tagged { tag: "late".into() }.into());
        let kept = json!({"aggregate": order, "view": document});
        let expected: Value = serde_json::from_str(KEPT).expect("JSON");
        assert_eq!(kept, expected, "{kept}");
        let read: (Order, Document) = (
            serde_json::from_value(expected["aggregate"].clone()).expect("readable"),
            serde_json::from_value(expected["view"].clone()).expect("readable"),
        );
        assert_eq!((read.0, Some(read.1)), (order, document));
    }
}
