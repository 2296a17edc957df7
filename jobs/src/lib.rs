//! Work around orders that is not a command of its own: importers and, like
//! them, everything that uses the command API as a client over HTTP.

pub mod import;
