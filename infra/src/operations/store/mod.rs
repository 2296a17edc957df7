//! Operations in the ops database.

mod people;
mod sweep;
mod work;

pub use people::{
    Cancelled, CreateError, Created, Filter, NewOperation, askers, cancel, create, find, list,
    parts,
};
pub use sweep::{delete, expired, known, settle};
pub use work::{
    Counts, NewPart, Work, begin, begin_part, delete_keys, finish, is_cancelled, keep, newer,
    prepared, restart, rewritten, validated,
};
