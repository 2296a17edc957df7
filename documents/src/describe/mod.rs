//! From orders to what is written of them.

mod address;
mod credit_note;
mod invoice;
mod packing_slip;
mod parts;

pub use credit_note::{CreditNote, credit_note, credited};
pub use invoice::{Invoice, invoice};
pub use packing_slip::{NothingToPack, packing_slip};
