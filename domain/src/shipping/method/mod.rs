//! The shipping method as an aggregate: its commands, its events, its state. Each
//! of its events carries all of it, so its last event says all (see
//! `crate::whole`).

mod charge;
mod command;
mod content;
mod event;
mod state;

pub use charge::{Charge, Tier, tier_of};
pub use command::{ChangeMethod, NewMethod, Rate, ShippingMethodCommand};
pub use content::Method;
pub use event::ShippingMethodEvent;
pub use state::{ShippingMethod, evolve};

use super::rejection::ShippingRejection;
use contracts::shipping::method as published;

/// Kind of aggregate, as the log has it.
pub const TYPE: &str = "shipping_method";

/// The decision for a command: the event it leads to. None means that nothing
/// is left to do. An archived method is not brought back by the way: it is restored
/// first.
///
/// # Errors
/// Content that cannot be one, a method that is archived or not there; nothing is
/// stored then.
pub fn decide(
    method: &ShippingMethod,
    command: ShippingMethodCommand,
) -> Result<Vec<ShippingMethodEvent>, ShippingRejection> {
    Ok(match command {
        ShippingMethodCommand::Save(new) => {
            if method.now.is_some() {
                method.live()?;
            }
            let next = Method::new(*new)?.published();
            method.becomes(next, ShippingMethodEvent::ShippingMethodSaved)
        }
        ShippingMethodCommand::Change(change) => {
            let new = change.applied_to(NewMethod::of(method.live()?)?);
            let next = Method::new(new)?.published();
            method.becomes(next, ShippingMethodEvent::ShippingMethodSaved)
        }
        ShippingMethodCommand::Archive => {
            let next = published::ShippingMethod {
                archived: true,
                ..method.there()?.clone()
            };
            method.becomes(next, ShippingMethodEvent::ShippingMethodArchived)
        }
        ShippingMethodCommand::Restore => {
            let next = published::ShippingMethod {
                archived: false,
                ..method.there()?.clone()
            };
            method.becomes(next, ShippingMethodEvent::ShippingMethodRestored)
        }
    })
}
