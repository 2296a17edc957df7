//! The order document as a fold of its published events: one function for
//! the read model, for rebuilds and for the answers of commands, so that the
//! three cannot differ. It places facts; it derives no status and no sum.

mod goods;
mod lines;
mod money;
mod whole;

use super::{
    document::Order,
    event::{After, Fact, OrderEvent},
};
use crate::cloudevents::CloudEvent;

/// An event that does not follow the document it is applied to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The order begins with another event than this one.
    #[error("{event_type} (version {version}) comes before the order was made")]
    NotMade {
        /// Type of the event.
        event_type: &'static str,
        /// Its version.
        version: i64,
    },
    /// The order exists already.
    #[error("{event_type} (version {version}) comes after the order was made")]
    MadeTwice {
        /// Type of the event.
        event_type: &'static str,
        /// Its version.
        version: i64,
    },
    /// The event names a part that the order does not have.
    #[error("{event_type} (version {version}) names {id}, which the order does not have")]
    NoSuchPart {
        /// Type of the event.
        event_type: &'static str,
        /// Its version.
        version: i64,
        /// Id of the part.
        id: String,
    },
}

/// The id of a part that an order does not have.
#[derive(Debug)]
struct Missing(String);

/// The part with this id.
fn part<'a, T>(
    parts: &'a mut [T],
    id: &str,
    of: impl Fn(&T) -> &str,
) -> Result<&'a mut T, Missing> {
    parts
        .iter_mut()
        .find(|part| of(part) == id)
        .ok_or_else(|| Missing(id.to_owned()))
}

/// The document after one more event. The caller has checked that the event
/// is the next one: its version is the document's plus one.
pub fn apply(
    order: Option<Order>,
    envelope: &CloudEvent,
    event: OrderEvent,
) -> Result<Order, FoldError> {
    let (event_type, version) = (event.event_type(), envelope.sequence);
    let OrderEvent { fact, after } = event;
    let made_twice = FoldError::MadeTwice {
        event_type,
        version,
    };
    let not_made = FoldError::NotMade {
        event_type,
        version,
    };
    let mut order = match (fact, order) {
        (Fact::DraftCreated(e), None) => whole::draft(e.order, e.personal, envelope),
        (Fact::OrderPlaced(e), None) => {
            let mut order = whole::draft(e.order, e.personal, envelope);
            order.placed_at = Some(e.placed_at);
            order.exchange_of = e.exchange_of;
            order
        }
        (Fact::OrderImported(e), None) => {
            let mut order = whole::draft(e.order, e.personal, envelope);
            order.placed_at = Some(e.placed_at);
            order.kind = e.kind;
            order
        }
        (Fact::DraftCreated(_) | Fact::OrderImported(_), Some(_)) => return Err(made_twice),
        (Fact::OrderPlaced(_), Some(order)) if order.placed_at.is_some() => return Err(made_twice),
        (_, None) => return Err(not_made),
        (fact, Some(mut order)) => {
            changed(&mut order, fact, envelope).map_err(|Missing(id)| FoldError::NoSuchPart {
                event_type,
                version,
                id,
            })?;
            order
        }
    };
    settle(&mut order, after, envelope);
    Ok(order)
}

fn settle(order: &mut Order, after: After, envelope: &CloudEvent) {
    order.version = after.version;
    order.status = after.status;
    order.payment_status = after.payment_status;
    order.fulfillment_status = after.fulfillment_status;
    order.return_status = after.return_status;
    order.totals = after.totals;
    order.updated_at = envelope.time;
}

fn changed(order: &mut Order, fact: Fact, envelope: &CloudEvent) -> Result<(), Missing> {
    match fact {
        Fact::DraftCreated(_) | Fact::OrderImported(_) => {}
        Fact::DraftUpdated(e) => whole::replace(order, e.order, e.personal),
        Fact::OrderPlaced(e) => {
            whole::replace(order, e.order, e.personal);
            order.placed_at = Some(e.placed_at);
        }
        Fact::OrderConfirmed(_) => order.confirmed = true,
        Fact::AddressChanged(e) => whole::address(order, *e),
        Fact::CustomerAssigned(e) => whole::customer(order, *e),
        Fact::CustomerLinked(e) => whole::linked(order, *e),
        Fact::PersonalDataErased(_) => order.personal_data_erased_at = Some(envelope.time),
        Fact::HoldPlaced(e) => whole::hold(order, *e, envelope),
        Fact::HoldReleased(e) => order.holds.retain(|hold| hold.id != e.hold_id),
        Fact::NoteAdded(e) => whole::note(order, *e, envelope),
        Fact::Tagged(e) => whole::tag(order, e.tag),
        Fact::Untagged(e) => order.tags.retain(|tag| *tag != e.tag),
        Fact::OrderArchived(_) => order.archived = true,
        Fact::OrderUnarchived(_) => order.archived = false,
        Fact::InvoiceIssued(e) => order.invoice_number = Some(e.invoice_number),
        Fact::OrderCancelled(e) => lines::cancel_all(order, *e, envelope),
        Fact::LinesCancelled(e) => lines::cancel(order, *e)?,
        Fact::LineAdded(e) => lines::add(order, *e),
        Fact::LineQuantityChanged(e) => lines::change(order, *e)?,
        Fact::LineRemoved(e) => lines::remove(order, *e),
        Fact::ShippingChanged(e) => order.shipping = Some(e.shipping),
        Fact::DiscountApplied(e) => lines::discounts(order, e.discounts),
        Fact::DiscountRemoved(e) => lines::discounts(order, e.discounts),
        Fact::PaymentAuthorized(e) => money::authorized(order, *e, envelope),
        Fact::CaptureRequested(e) => money::capture_requested(order, *e, envelope)?,
        Fact::PaymentCaptured(e) => money::captured(order, *e, envelope)?,
        Fact::CaptureFailed(e) => money::capture_failed(order, &e.capture_id, envelope)?,
        Fact::PaymentVoided(e) => money::voided(order, &e.payment)?,
        Fact::PaymentFailed(e) => money::failed(order, &e.payment)?,
        Fact::RefundRequested(e) => money::refund_requested(order, *e, envelope),
        Fact::RefundIssued(e) => money::refunded(order, *e, envelope)?,
        Fact::RefundFailed(e) => money::refund_failed(order, &e.refund_id, envelope)?,
        Fact::CreditGranted(e) => money::credited(order, *e, envelope)?,
        Fact::ChargebackRecorded(e) => money::charged_back(order, *e, envelope)?,
        Fact::FulfillmentCreated(e) => goods::packed(order, *e, envelope)?,
        Fact::FulfillmentShipped(e) => goods::shipped(order, *e, envelope)?,
        Fact::TrackingUpdated(e) => goods::tracked(order, *e)?,
        Fact::FulfillmentDelivered(e) => goods::delivered(order, &e, envelope)?,
        Fact::FulfillmentCancelled(e) => goods::unpacked(order, &e.fulfillment_id, envelope)?,
        Fact::ReturnRequested(e) => goods::return_requested(order, *e, envelope)?,
        Fact::ReturnApproved(e) => goods::return_approved(order, &e.return_id)?,
        Fact::ReturnDeclined(e) => goods::return_declined(order, &e.return_id)?,
        Fact::ReturnReceived(e) => goods::return_received(order, &e)?,
        Fact::ReturnExchanged(e) => goods::return_exchanged(order, &e)?,
        Fact::ReturnClosed(e) => goods::return_closed(order, &e.return_id)?,
        Fact::ReturnCancelled(e) => goods::return_cancelled(order, &e.return_id)?,
    }
    Ok(())
}
