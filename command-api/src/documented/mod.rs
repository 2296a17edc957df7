//! What the OpenAPI document says of every command: its parameters, and its
//! answers by the codes that they carry.

mod answers;
mod parameters;

pub(crate) use answers::answers;
pub use answers::{
    AMOUNT, ANY, COMMAND, CONTENT, EDIT, LINE, LIVE_SALE, REQUEST, SALE, UNITS, problems, responses,
};
pub use parameters::{Headers, OnDelivery, OnEndpoint, OnExport, OnOperation, OnOrder, Once};
