//! Exports: whole, of one moment, and nothing held for whoever does not read.

pub mod events;
pub mod files;
mod limits;
mod orders;
mod refused;
mod standby;
mod tool;

use libtest_mimic::Trial;

/// All tests of exports.
pub fn trials() -> Vec<Trial> {
    [
        orders::trials(),
        events::trials(),
        limits::trials(),
        refused::trials(),
        standby::trials(),
        tool::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
