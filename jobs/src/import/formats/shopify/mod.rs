//! Orders as Shopify's Admin REST API tells them: a list, an answer
//! (`{"orders": […]}`), or one a line.
//!
//! An order is one import, whole or not at all: its lines with the discounts
//! that were allocated to them and their taxes, its shipping lines as one
//! charge, and what happened to it: payments, refunds, fulfilments, returns,
//! cancellation, each at its own time. `id` is the external id, `name` becomes a
//! tag. Notes, risks, metafields and that it was closed are left behind.

mod convert;
mod money;
mod objects;
mod order;
mod returns;

pub use convert::Channel;

use crate::import::{
    Counts, ImportError,
    item::{Item, Reason, Source},
    open::Reader,
    window::Refused,
};
use convert::convert;
use infra::http::without_value;
use objects::{LARGEST, Object, Objects};
use order::Order;
use serde::Deserialize;

/// A file of this format.
pub struct Shopify {
    objects: Objects<Reader>,
    channel: Channel,
    read: Counts,
}

/// What an order is called, where more of it cannot be read.
#[derive(Deserialize)]
struct Named {
    id: u64,
}

impl Shopify {
    /// Orders of this channel.
    pub const fn new(reader: Reader, channel: Channel) -> Self {
        Self {
            objects: Objects::new(reader),
            channel,
            read: Counts {
                invoices: 0,
                lines: 0,
            },
        }
    }

    fn item(&self, object: &Object) -> Result<Item, ImportError> {
        let line = object.line;
        let refused = |invoice: Option<String>, reason| match invoice {
            Some(invoice) => Item::RefusedInvoice {
                invoice,
                lines: vec![line],
                reason,
            },
            None => Item::RefusedLine {
                line,
                invoice: None,
                reason,
            },
        };
        let Some(text) = &object.text else {
            let detail = format!("larger than {LARGEST} bytes");
            return Ok(refused(None, Reason::new("order_too_large", detail)));
        };
        let order: Order = match serde_json::from_slice(text) {
            Ok(order) => order,
            Err(error) => {
                let named = serde_json::from_slice::<Named>(text).ok();
                let reason = Reason::new("invalid_order", without_value(&error.to_string()));
                return Ok(refused(named.map(|named| named.id.to_string()), reason));
            }
        };
        let invoice = order.id.to_string();
        match convert(&order, &self.channel) {
            Ok(order) => Ok(Item::Order {
                invoice,
                lines: vec![line],
                idempotency_key: order.idempotency_key,
                body: order.body,
            }),
            Err(Refused::Because(reason)) => Ok(refused(Some(invoice), reason)),
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}

impl Source for Shopify {
    async fn next(&mut self) -> Result<Option<Item>, ImportError> {
        let object = self.objects.next().await;
        let object = object.map_err(|source| ImportError::Read {
            line: self.objects.line(),
            source,
        })?;
        let Some(object) = object else {
            return Ok(None);
        };
        let item = self.item(&object)?;
        self.read.lines += 1;
        self.read.invoices += u64::from(!matches!(item, Item::RefusedLine { .. }));
        Ok(Some(item))
    }

    fn abandon(&mut self) -> Vec<Item> {
        Vec::new()
    }

    fn read(&self) -> Counts {
        self.read
    }

    fn line(&self) -> u64 {
        self.objects.line()
    }
}
