//! Work around orders that is not a command of its own: importers and process
//! managers, which use the command API as clients over HTTP, and what the job
//! queue (`infra::jobs`) carries out.

mod archive;
mod bulk;
mod ended;
mod exports;
mod http;
pub mod import;
pub mod operations;
pub mod process;
mod progress;
mod reads;
pub mod seed;
mod warm_up;
pub mod webhooks;
pub mod work;

pub use bulk::BulkError;
pub use http::{SetUpError, is_loopback, system_url};
