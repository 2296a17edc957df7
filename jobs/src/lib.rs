//! Work around orders that is not a command of its own: importers, process
//! managers and, like them, everything that uses the command API as a client
//! over HTTP.

mod http;
pub mod import;
pub mod process;
mod retry;
