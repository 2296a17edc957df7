//! The order: one file per decision, all of them pure.

mod aggregate;
pub mod command;
mod contract;
mod edit;
mod event;
mod fulfillment;
mod lifecycle;
mod payment;
mod personal;
mod placement;
mod pricing;
mod quoted;
mod rejection;
mod returns;
mod state;
mod status;
mod units;
mod upcast;

#[cfg(test)]
mod specification;

pub use command::OrderCommand;
pub(crate) use contract::moved;
pub use contract::{
    ContractError, Refold, Stored, contract_data, contract_event, contract_stream, decode,
};
pub use edit::change_line::keeps_discount;
pub use event::OrderEvent;
pub use placement::{MAX_LINES, MAX_QUANTITY};
pub use quoted::{Goods, place, quote_holds};
pub use rejection::{Part, Rejection, RejectionKind};
pub use state::{DraftContent, LineState, Money, Order, Stage, evolve};
pub use status::after;
pub(crate) use upcast::known_event;
pub use upcast::{UpcastError, current};

/// The decision for a command: the events it leads to. None means that
/// nothing is left to do.
pub fn decide(order: &Order, command: OrderCommand) -> Result<Vec<OrderEvent>, Rejection> {
    match command {
        OrderCommand::CreateDraft(c) => lifecycle::create_draft::decide(order, *c),
        OrderCommand::UpdateDraft(c) => lifecycle::update_draft::decide(order, *c),
        OrderCommand::CompleteDraft(c) => lifecycle::complete_draft::decide(order, &c),
        OrderCommand::Place(c) => lifecycle::place::decide(order, *c),
        OrderCommand::Import(c) => lifecycle::import::decide(order, *c),
        OrderCommand::Confirm(c) => lifecycle::confirm::decide(order, *c),
        OrderCommand::PlaceHold(c) => lifecycle::place_hold::decide(order, *c),
        OrderCommand::ReleaseHold(c) => lifecycle::release_hold::decide(order, &c),
        OrderCommand::Cancel(c) => lifecycle::cancel::decide(order, *c),
        OrderCommand::CancelLines(c) => lifecycle::cancel_lines::decide(order, *c),
        OrderCommand::AddNote(c) => lifecycle::note::decide(order, *c),
        OrderCommand::Tag(c) => lifecycle::tag::decide(order, *c),
        OrderCommand::Untag(c) => lifecycle::untag::decide(order, *c),
        OrderCommand::Archive(c) => lifecycle::archive::decide(order, *c),
        OrderCommand::Unarchive(c) => lifecycle::unarchive::decide(order, *c),
        OrderCommand::RecordErasure(c) => lifecycle::erase::decide(order, *c),
        OrderCommand::IssueInvoice(c) => lifecycle::invoice::decide(order, &c),
        OrderCommand::AddLine(c) => edit::add_line::decide(order, *c),
        OrderCommand::ChangeLine(c) => edit::change_line::decide(order, *c),
        OrderCommand::RemoveLine(c) => edit::remove_line::decide(order, *c),
        OrderCommand::ChangeShipping(c) => edit::change_shipping::decide(order, *c),
        OrderCommand::ApplyDiscount(c) => edit::apply_discount::decide(order, *c),
        OrderCommand::RemoveDiscount(c) => edit::remove_discount::decide(order, *c),
        OrderCommand::ChangeAddress(c) => edit::change_address::decide(order, *c),
        OrderCommand::AssignCustomer(c) => edit::assign_customer::decide(order, *c),
        OrderCommand::LinkCustomer(c) => edit::link_customer::decide(order, *c),
        OrderCommand::Authorize(c) => payment::authorize::decide(order, *c),
        OrderCommand::Capture(c) => payment::capture::decide(order, &c),
        OrderCommand::SettleCapture(c) => payment::settle_capture::decide(order, *c),
        OrderCommand::Void(c) => payment::void::decide(order, *c),
        OrderCommand::FailPayment(c) => payment::fail::decide(order, *c),
        OrderCommand::Refund(c) => payment::refund::decide(order, *c),
        OrderCommand::SettleRefund(c) => payment::settle_refund::decide(order, *c),
        OrderCommand::GrantCredit(c) => payment::credit::decide(order, *c),
        OrderCommand::RecordChargeback(c) => payment::chargeback::decide(order, *c),
        OrderCommand::Fulfill(c) => fulfillment::create::decide(order, &c),
        OrderCommand::Ship(c) => fulfillment::ship::decide(order, *c),
        OrderCommand::UpdateTracking(c) => fulfillment::tracking::decide(order, *c),
        OrderCommand::Deliver(c) => fulfillment::deliver::decide(order, &c),
        OrderCommand::CancelFulfillment(c) => fulfillment::cancel::decide(order, *c),
        OrderCommand::RequestReturn(c) => returns::request::decide(order, *c),
        OrderCommand::ApproveReturn(c) => returns::approve::decide(order, *c),
        OrderCommand::DeclineReturn(c) => returns::decline::decide(order, *c),
        OrderCommand::ReceiveReturn(c) => returns::receive::decide(order, *c),
        OrderCommand::LinkExchange(c) => returns::exchange::decide(order, &c),
        OrderCommand::CloseReturn(c) => returns::close::decide(order, *c),
        OrderCommand::CancelReturn(c) => returns::cancel::decide(order, *c),
    }
}
