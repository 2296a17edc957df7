//! `/v1/shipping`.

pub mod methods;
pub mod quotes;
pub mod zones;
