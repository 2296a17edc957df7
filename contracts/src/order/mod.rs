//! The order as the outside world sees it: its status axes, its document, and
//! the events that change it.

mod document;
mod event;
mod fold;
mod schema;
mod status;

pub use document::{
    Address, Cancellation, Customer, Line, NoneYet, Note, Order, OrderSummary, Shipping, Totals,
    UnitPrice,
};
pub use event::{
    After, CancelledPersonal, NoteAdded, NotePersonal, OrderCancelled, OrderEvent, OrderImported,
    OrderPlaced, Placement, PlacementPersonal, TimelineEntry, UnknownEvent,
};
pub use fold::{FoldError, apply};
pub use schema::schemas;
pub use status::{FulfillmentStatus, Kind, OrderStatus, PaymentStatus, ReturnStatus};
