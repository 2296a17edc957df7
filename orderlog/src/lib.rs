//! What the `orderlog` program is made of: one subcommand per role, and the
//! tools around them. `dev` runs every role in one process beside local
//! servers.

mod api_key;
pub mod cli;
mod dev;
pub mod documents;
mod epoch;
mod health;
mod import;
pub mod keys;
pub mod mapping;
mod migrate;
mod rebuild;
mod roles;
pub mod verify;
