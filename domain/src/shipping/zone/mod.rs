//! The shipping zone as an aggregate: its commands, its events, its state. Each
//! of its events carries all of it, so its last event says all (see
//! `crate::whole`).

mod command;
mod content;
mod event;
mod matching;
mod state;

pub use command::{ChangeZone, NewPostalCodes, NewZone, ShippingZoneCommand};
pub use content::Zone;
pub use event::ShippingZoneEvent;
pub use matching::{Specificity, zone_of};
pub use state::{ShippingZone, evolve};

use super::rejection::ShippingRejection;
use contracts::shipping::zone as published;

/// Kind of aggregate, as the log has it.
pub const TYPE: &str = "shipping_zone";

/// The decision for a command: the event it leads to. None means that nothing
/// is left to do. An archived zone is not brought back by the way: it is restored
/// first.
///
/// # Errors
/// Content that cannot be one, a zone that is archived or not there; nothing is
/// stored then.
pub fn decide(
    zone: &ShippingZone,
    command: ShippingZoneCommand,
) -> Result<Vec<ShippingZoneEvent>, ShippingRejection> {
    Ok(match command {
        ShippingZoneCommand::Save(new) => {
            if zone.now.is_some() {
                zone.live()?;
            }
            let next = Zone::new(*new)?.published();
            zone.becomes(next, ShippingZoneEvent::ShippingZoneSaved)
        }
        ShippingZoneCommand::Change(change) => {
            let new = change.applied_to(NewZone::of(zone.live()?)?);
            let next = Zone::new(new)?.published();
            zone.becomes(next, ShippingZoneEvent::ShippingZoneSaved)
        }
        ShippingZoneCommand::Archive => {
            let next = published::ShippingZone {
                archived: true,
                ..zone.there()?.clone()
            };
            zone.becomes(next, ShippingZoneEvent::ShippingZoneArchived)
        }
        ShippingZoneCommand::Restore => {
            let next = published::ShippingZone {
                archived: false,
                ..zone.there()?.clone()
            };
            zone.becomes(next, ShippingZoneEvent::ShippingZoneRestored)
        }
    })
}
