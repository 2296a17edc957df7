//! What every refusal has, whatever it is that refuses.

use crate::{order, platform, product, shipping};
use serde_json::Value;

pub use order::RejectionKind;

/// A command that was refused: nothing is stored.
pub trait Refusal: std::error::Error + Send + Sync + 'static {
    /// Stable code for programs.
    fn code(&self) -> &'static str;
    /// Which answer it is.
    fn kind(&self) -> RejectionKind;
    /// JSON Pointer to the offending part of the command, where there is one.
    fn pointer(&self) -> Option<String>;
    /// The figures that explain it, by name.
    fn figures(&self) -> Vec<(&'static str, Value)>;
}

macro_rules! refusals {
    ($($rejection:ty),+ $(,)?) => {$(
        impl Refusal for $rejection {
            fn code(&self) -> &'static str {
                self.code()
            }
            fn kind(&self) -> RejectionKind {
                self.kind()
            }
            fn pointer(&self) -> Option<String> {
                self.pointer()
            }
            fn figures(&self) -> Vec<(&'static str, Value)> {
                self.figures()
            }
        }
    )+};
}
refusals!(
    order::Rejection,
    platform::Rejection,
    product::Rejection,
    shipping::ShippingRejection,
);
