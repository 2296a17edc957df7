//! The order that rows make up together.

use super::{
    fields::Field,
    row::{Row, Value},
};
use crate::import::{
    body::{
        CancellationBody, FulfillmentBody, LineBody, OrderBody, PaymentBody, RefundBody,
        ShippingBody, idempotency_key,
    },
    item::Reason,
    window::{Assembly, Order, Refused},
};
use contracts::order::{Address, Customer, Kind, RefundPurpose};
use std::{collections::BTreeMap, sync::Arc};
use time::OffsetDateTime;

/// An order that may still get a row. What rows say of it has to be the same in
/// each that says it; but it was placed at the earliest time.
#[derive(Default)]
pub struct Rows {
    platform: Option<Arc<str>>,
    order: BTreeMap<Field, Value>,
    lines: Vec<LineBody>,
}

impl Assembly for Rows {
    type Row = Row;

    fn add(&mut self, row: Row) -> Result<(), Reason> {
        self.platform = Some(row.platform);
        self.lines.push(row.body);
        for (field, value) in row.order {
            match self.order.get_mut(&field) {
                None => {
                    self.order.insert(field, value);
                }
                Some(Value::Time(at)) if field == Field::PlacedAt => {
                    if let Value::Time(other) = value {
                        *at = other.min(*at);
                    }
                }
                Some(there) if *there == value => {}
                Some(_) => {
                    let name = field.name();
                    let detail = format!("its line {} has another {name}", row.line);
                    return Err(Reason::new("inconsistent_order", detail));
                }
            }
        }
        Ok(())
    }

    fn into_order(mut self, external_id: &str) -> Result<Order, Refused> {
        let because = |reason| Refused::Because(reason);
        let missing = |name: &str| Reason::new("missing_value", format!("no row has {name}"));
        let placed_at = self.time(Field::PlacedAt);
        let placed_at = placed_at.ok_or_else(|| because(missing("placed_at")))?;
        let currency = self.text(Field::Currency).unwrap_or_default();
        let kind = self.kind().map_err(because)?;
        let platform = self.platform.take().unwrap_or_default();
        let body = OrderBody {
            customer: self.customer(),
            lines: std::mem::take(&mut self.lines),
            shipping: self.shipping(),
            billing_address: self.address(Field::BillToName),
            shipping_address: self.address(Field::ShipToName),
            tags: self.tags(),
            payments: self.payment(placed_at).into_iter().collect(),
            refunds: self.refund().into_iter().collect(),
            fulfillments: self.fulfillment().into_iter().collect(),
            cancellation: self.cancellation(),
            ..OrderBody::new((&platform, external_id, &currency), kind, placed_at)
        };
        Ok(Order {
            idempotency_key: idempotency_key(&platform, external_id),
            body: body.encode().map_err(Refused::Failed)?,
        })
    }
}

impl Rows {
    fn text(&mut self, field: Field) -> Option<String> {
        match self.order.remove(&field)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn time(&self, field: Field) -> Option<OffsetDateTime> {
        match self.order.get(&field)? {
            Value::Time(at) => Some(*at),
            _ => None,
        }
    }

    fn amount(&self, field: Field) -> Option<i64> {
        match self.order.get(&field)? {
            Value::Number(amount) => Some(*amount),
            _ => None,
        }
    }

    fn kind(&mut self) -> Result<Kind, Reason> {
        match self.text(Field::OrderKind).as_deref() {
            None | Some("order") => Ok(Kind::Order),
            Some("credit") => Ok(Kind::Credit),
            Some("adjustment") => Ok(Kind::Adjustment),
            Some(other) => {
                let expected = "one of order, credit, adjustment";
                Err(Reason::not("invalid_kind", other, expected))
            }
        }
    }

    fn customer(&mut self) -> Option<Customer> {
        let customer = Customer {
            id: self.text(Field::CustomerId),
            name: self.text(Field::CustomerName),
            email: self.text(Field::CustomerEmail),
        };
        (customer != Customer::default()).then_some(customer)
    }

    /// The address whose fields begin with this one, in the order of the list.
    fn address(&mut self, first: Field) -> Option<Address> {
        let begin = Field::ALL.iter().position(|field| *field == first)?;
        let mut fields = Field::ALL[begin..].iter().copied();
        let mut next = || fields.next().and_then(|field| self.text(field));
        let address = Address {
            name: next(),
            company: next(),
            line1: next(),
            line2: next(),
            city: next(),
            region: next(),
            postal_code: next(),
            country: next(),
            phone: next(),
        };
        (address != Address::default()).then_some(address)
    }

    fn shipping(&mut self) -> Option<ShippingBody> {
        let (method, name) = (
            self.text(Field::ShippingMethod),
            self.text(Field::ShippingName),
        );
        let amount = self.amount(Field::ShippingAmount);
        let tax = self.amount(Field::ShippingTax).unwrap_or_default();
        if method.is_none() && name.is_none() && amount.is_none() && tax == 0 {
            return None;
        }
        let method = method
            .or_else(|| name.clone())
            .unwrap_or_else(|| "shipping".to_owned());
        Some(ShippingBody {
            name: name.unwrap_or_else(|| method.clone()),
            method,
            amount: amount.unwrap_or_default(),
            tax,
        })
    }

    /// Separated by commas.
    fn tags(&mut self) -> Vec<String> {
        let tags = self.text(Field::Tags).unwrap_or_default();
        let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty());
        tags.map(str::to_owned).collect()
    }

    /// All of it, where there is an amount.
    fn payment(&mut self, placed_at: OffsetDateTime) -> Option<PaymentBody> {
        let amount = self
            .amount(Field::PaidAmount)
            .filter(|amount| *amount != 0)?;
        Some(PaymentBody {
            amount,
            captured: amount,
            provider: self.text(Field::PaymentProvider),
            reference: self.text(Field::PaymentReference),
            captured_at: Some(self.time(Field::PaidAt).unwrap_or(placed_at)),
        })
    }

    fn refund(&mut self) -> Option<RefundBody> {
        let amount = self
            .amount(Field::RefundedAmount)
            .filter(|amount| *amount != 0)?;
        let is_cancelled = self.time(Field::CancelledAt).is_some();
        Some(RefundBody {
            payment: "p1".to_owned(),
            amount,
            // What is called off costs nothing any more: no credit beside it.
            purpose: if is_cancelled {
                RefundPurpose::Cancellation
            } else {
                RefundPurpose::Goodwill
            },
            return_id: None,
            reason: self.text(Field::RefundReason),
            refunded_at: self.time(Field::RefundedAt),
        })
    }

    /// Of everything, once it was shipped.
    fn fulfillment(&mut self) -> Option<FulfillmentBody> {
        let shipped_at = self.time(Field::ShippedAt);
        let delivered_at = self.time(Field::DeliveredAt);
        shipped_at.or(delivered_at)?;
        Some(FulfillmentBody {
            lines: Vec::new(),
            carrier: self.text(Field::Carrier),
            tracking_number: self.text(Field::TrackingNumber),
            tracking_url: self.text(Field::TrackingUrl),
            shipped_at,
            delivered_at,
        })
    }

    fn cancellation(&mut self) -> Option<CancellationBody> {
        let cancelled_at = self.time(Field::CancelledAt)?;
        Some(CancellationBody {
            reason: self.text(Field::CancelReason),
            cancelled_at: Some(cancelled_at),
        })
    }
}
