//! Products as the outside world sees them: the document, and the events that
//! change it, on `catalog.events.v1`.

mod document;
mod event;

pub use document::{Dimensions, ListPrice, Product};
pub use event::{Fact, ProductChange, ProductEvent, schemas};
