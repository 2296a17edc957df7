//! What the `orderlog` program is made of: one subcommand per role, and the
//! tools around them. `dev` runs every role in one process beside local
//! servers.

mod api_key;
mod audit;
mod cache;
pub mod cli;
mod client;
mod dev;
mod doctor;
pub mod documents;
mod epoch;
mod erasures;
mod export;
mod health;
mod import;
mod jobs;
pub mod keys;
mod listen;
pub mod mapping;
mod migrate;
mod openapi;
mod parked;
mod rebuild;
mod replay;
mod roles;
mod schedules;
mod seed;
pub mod verify;

/// A quarter of what the relay and the command API did was asking the C
/// library for memory (docs/PERFORMANCE.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
