//! The invoice numbers of one platform: from 1, without a gap.
//!
//! Its last event says all that a decision needs. That an order gets one
//! number is the command's identity, which is derived from the order: assigning
//! again finds the first assignment (`crate::ids::invoice_command_id`).

mod aggregate;

use crate::order::{UpcastError, known_event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Kind of aggregate, as the log has it.
pub const TYPE: &str = "invoice_register";

/// The numbers that were assigned. The default is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InvoiceRegister {
    /// The last one; they begin with 1.
    pub last: i64,
}

/// Give an order the next number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assign {
    /// Slug of the sales channel whose register it is.
    pub platform: String,
    /// Which order.
    pub order_id: Uuid,
}

// The variants and their fields are the storage format of the log: never
// rename or remove one.
/// What happened to a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvoiceRegisterEvent {
    /// An order got a number.
    InvoiceNumberAssigned {
        /// Slug of the sales channel.
        platform: String,
        /// Which order.
        order_id: Uuid,
        /// Its number.
        number: i64,
    },
}

/// The next number.
pub fn decide(register: &InvoiceRegister, command: Assign) -> Vec<InvoiceRegisterEvent> {
    let Assign { platform, order_id } = command;
    let number = register.last + 1;
    vec![InvoiceRegisterEvent::InvoiceNumberAssigned {
        platform,
        order_id,
        number,
    }]
}

/// The register after one more event.
#[must_use]
pub fn evolve(_: InvoiceRegister, event: &InvoiceRegisterEvent) -> InvoiceRegister {
    let InvoiceRegisterEvent::InvoiceNumberAssigned { number, .. } = event;
    InvoiceRegister { last: *number }
}

impl InvoiceRegisterEvent {
    /// Name in the log.
    pub const NAME: &str = "InvoiceNumberAssigned";
    /// Version of the format in which events are written now.
    pub const VERSION: &str = "1";

    /// Whether this release knows a stored event of this name and version.
    ///
    /// # Errors
    /// That a newer one has stored it.
    pub fn knows(event: (&str, &str)) -> Result<(), UpcastError> {
        known_event(&[Self::NAME], Self::VERSION, event)
    }

    /// The number that it assigned.
    pub const fn number(&self) -> i64 {
        let Self::InvoiceNumberAssigned { number, .. } = self;
        *number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_from_one() {
        let mut register = InvoiceRegister::default();
        for expected in 1..=3 {
            let assign = Assign {
                platform: "web".into(),
                order_id: Uuid::nil(),
            };
            let events = decide(&register, assign);
            register = events.iter().fold(register, evolve);
            assert_eq!(
                events.iter().map(InvoiceRegisterEvent::number).sum::<i64>(),
                expected
            );
        }
    }

    #[test]
    fn the_last_event_says_all() {
        let event = InvoiceRegisterEvent::InvoiceNumberAssigned {
            platform: "web".into(),
            order_id: Uuid::nil(),
            number: 7,
        };
        let register = evolve(InvoiceRegister::default(), &event);
        assert_eq!(register, InvoiceRegister { last: 7 });
    }
}
