//! Platforms (sales channels) as the outside world sees them: the document, and
//! the events that change it, on `platforms.events.v1`.

mod document;
mod event;
mod seller;

pub use document::{ClientPrices, ClientShipping, OnCancellation, Platform, RateLimit};
pub use event::{Fact, PlatformChange, PlatformEvent, schemas};
pub use seller::{PaperSize, Seller};
