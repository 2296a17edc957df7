//! The product: what is in the catalogue, and what it costs where. One file per
//! decision, all of them pure.
//!
//! Each of its events carries all of it, so its last event says all (see
//! `crate::whole`, and docs/DECISIONS.md, 165 and 168).

mod archive;
mod change;
mod command;
mod content;
mod event;
mod prices;
mod pricing;
mod rejection;
mod restore;
mod save;
mod snapshot;
mod state;

#[cfg(test)]
mod specification;

pub use command::{ChangeProduct, NewPrice, PriceKey, ProductCommand, SaveProduct};
pub use event::ProductEvent;
pub use pricing::{PriceCheck, check_price, price_on};
pub use rejection::Rejection;
pub use snapshot::snapshot;
pub use state::{Product, evolve};

/// Kind of aggregate, as the log has it.
pub const TYPE: &str = "product";

/// The decision for a command: the event it leads to. None means that nothing
/// is left to do.
///
/// # Errors
/// Why the command is refused; nothing is stored then.
pub fn decide(product: &Product, command: ProductCommand) -> Result<Vec<ProductEvent>, Rejection> {
    match command {
        ProductCommand::Save(c) => save::decide(product, *c),
        ProductCommand::Change(c) => change::decide(product, *c),
        ProductCommand::SetPrice(c) => prices::set(product, c),
        ProductCommand::RemovePrice(c) => prices::remove(product, &c),
        ProductCommand::Archive => archive::decide(product),
        ProductCommand::Restore => restore::decide(product),
    }
}
