//! HTTP commands: parse, call the executor, answer with the order as the
//! command left it.

mod answer;
mod call;
mod catalogue;
mod documented;
mod exports;
mod headers;
mod openapi;
mod prices;
mod problem_types;
mod quotes;
mod record;
mod reference;
mod refusal;
mod request;
mod routes;
mod rules;
mod state;
mod uploads;
mod webhooks;

pub use exports::Exports;
pub use openapi::openapi;
pub use problem_types::PROBLEM_TYPES;
pub use record::{Orders, Registers};
pub use routes::{bulk::BulkLines, configure};
pub use state::CommandApi;
pub use uploads::Uploads;
pub use webhooks::Webhooks;
