//! What the OpenAPI document says of every command: its parameters, and its
//! answers by the codes that they carry.

mod answers;
mod parameters;

pub(crate) use answers::answers;
pub use answers::{AMOUNT, ANY, CONTENT, EDIT, LINE, LIVE_SALE, SALE, UNITS, problems, responses};
pub use parameters::{Headers, OnOrder};
