//! Takes steps that are due and issues their commands.

mod answer;
mod client;
mod run;

pub use client::{ClientError, CommandClient};
pub use run::Executor;
