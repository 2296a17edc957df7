//! `/v1/shipping`.

pub mod methods;
pub mod zones;
