//! `/v1/admin`: how the system is doing, and what people do about it.

pub mod parked;
