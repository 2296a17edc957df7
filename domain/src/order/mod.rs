//! The order: one file per decision, all of them pure.

mod aggregate;
mod cancel;
mod command;
mod contract;
mod event;
mod import;
mod note;
mod place;
mod placement;
mod rejection;
mod state;
mod status;

#[cfg(test)]
mod specification;

pub use command::{
    AddNote, CancelOrder, ImportOrder, NewLine, NewOrder, NewShipping, OrderCommand, PlaceOrder,
};
pub use contract::{ContractError, contract_event, contract_stream, decode};
pub use event::{Line, OrderEvent, Placement, Shipping};
pub use rejection::{Rejection, RejectionKind};
pub use state::{LineState, Order};
pub use status::after;

/// The decision for a command: the events it leads to. None means that
/// nothing is left to do.
pub fn decide(order: &Order, command: OrderCommand) -> Result<Vec<OrderEvent>, Rejection> {
    match command {
        OrderCommand::Place(command) => place::decide(order, *command),
        OrderCommand::Import(command) => import::decide(order, *command),
        OrderCommand::Cancel(command) => cancel::decide(order, command),
        OrderCommand::AddNote(command) => note::decide(order, command),
    }
}
