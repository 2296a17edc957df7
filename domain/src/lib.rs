//! Pure decisions: what an order is, and what it refers to, which commands it
//! takes, which events they lead to, and what those events look like to the
//! outside. No I/O, no clock, no randomness of its own.

pub mod country;
pub mod ids;
pub mod invoice_register;
pub mod money;
pub mod order;
pub mod platform;
pub mod product;
pub mod refusal;
pub mod shipping;
pub mod text;
pub mod whole;
