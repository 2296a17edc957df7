//! From draft to archive.

pub mod archive;
pub mod cancel;
pub mod cancel_lines;
pub mod complete_draft;
pub mod confirm;
pub mod create_draft;
pub mod erase;
pub mod import;
mod import_history;
pub mod invoice;
pub mod note;
pub mod place;
pub mod place_hold;
pub mod release_hold;
mod settlement;
pub mod tag;
pub mod unarchive;
pub mod untag;
pub mod update_draft;

#[cfg(test)]
pub use import_history::MAX_HISTORY;
