//! The platform (sales channel): how it wants its orders to be treated. One
//! file per decision, all of them pure.
//!
//! Each of its events carries all of it, so its last event says all (see
//! `crate::whole`). What may be changed, and what that means for orders that
//! exist: docs/DECISIONS.md, 166.

mod archive;
mod change;
mod command;
mod content;
mod event;
mod rejection;
mod restore;
mod rules;
mod save;
mod seller;
mod state;

#[cfg(test)]
mod specification;

pub use command::{ChangePlatform, PlatformCommand, SavePlatform};
pub use event::PlatformEvent;
pub use rejection::Rejection;
pub use rules::{Origin, PlatformRules, RulesRefusal};
pub use seller::LOCALES;
pub use state::{Platform, evolve};

/// Kind of aggregate, as the log has it.
pub const TYPE: &str = "platform";

/// The decision for a command: the event it leads to. None means that nothing
/// is left to do.
///
/// # Errors
/// Why the command is refused; nothing is stored then.
pub fn decide(
    platform: &Platform,
    command: PlatformCommand,
) -> Result<Vec<PlatformEvent>, Rejection> {
    match command {
        PlatformCommand::Save(c) => save::decide(platform, *c),
        PlatformCommand::Change(c) => change::decide(platform, *c),
        PlatformCommand::Activate => change::active(platform, true),
        PlatformCommand::Deactivate => change::active(platform, false),
        PlatformCommand::Archive => archive::decide(platform),
        PlatformCommand::Restore => restore::decide(platform),
    }
}
