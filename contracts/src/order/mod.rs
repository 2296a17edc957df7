//! The order as the outside world sees it: its status axes, its document, and
//! the events that change it.

mod document;
mod event;
mod fold;
mod made;
mod parts;
mod schema;
mod status;
mod summary;

pub use document::{
    Cancellation, Capture, Chargeback, Credit, Fulfillment, Hold, Line, Note, Order, Payment,
    Refund, Return, ReturnLine, Totals,
};
pub use event::*;
pub use fold::{FoldError, apply};
pub use made::Made;
pub use parts::{
    Address, Allocation, ChosenQuote, Customer, Discount, ExchangeOf, LineQuantity, NoteText,
    OrderPersonal, OrderedLine, PaymentAmount, Reason, RefundTerms, ReturnReasons, Settlement,
    Shipping, Tracking, UnitPrice,
};
pub use schema::schemas;
pub use status::{
    AddressKind, FulfillmentState, FulfillmentStatus, Kind, MovementState, OrderStatus,
    PaymentState, PaymentStatus, RefundPurpose, ReturnState, ReturnStatus,
};
pub use summary::OrderSummary;
