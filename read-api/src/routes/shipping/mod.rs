//! Shipping.

pub mod quotes;
