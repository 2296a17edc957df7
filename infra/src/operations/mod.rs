//! Operations: commands that are carried out in the background, in the ops
//! database. Those of bulk requests were uploaded; others find somebody's orders
//! first.
//!
//! | file | what |
//! |---|---|
//! | `record.rs` | an operation as people see it |
//! | `import.rs` | what an import is told beside its file |
//! | `check.rs` | what a line has to look like, for whoever sends it |
//! | `job.rs` | the job that carries one out |
//! | `store/people.rs` | what people look at, and what they set going |
//! | `store/work.rs` | what the job reads and writes |
//! | `store/sweep.rs` | what is thrown away |
//!
//! The lines that were uploaded and the results are [objects](crate::objects):
//! `operations/ID/input`, and `operations/ID/results/…` in parts; the file of an
//! import is `operations/ID/file` until its lines are made of it. A part counts
//! once its row is there, which is written together with where to go on: so
//! whoever is killed costs the part at hand, whose lines are sent again under the
//! same keys.

mod check;
mod import;
mod job;
mod record;
mod store;

pub use check::{Checked, LineCheck, SentFor};
pub use import::{ImportFormat, ImportTerms};
pub use job::{RunAboutSomebody, RunImport, RunOperation};
pub use record::{
    About, OnInvalid, Operation, OperationError, OperationKind, OperationPhase, OperationProgress,
    OperationState,
};
pub use store::{
    Cancelled, Counts, CreateError, Created, Filter, NewOperation, NewPart, Work, askers, begin,
    begin_part, cancel, create, delete, delete_keys, expired, find, finish, is_cancelled, keep,
    known, list, newer, parts, prepared, restart, rewritten, settle, validated,
};

use uuid::Uuid;

/// What the names of all objects of operations begin with.
pub const OBJECTS: &str = "operations";

/// What the names of an operation's objects begin with.
pub fn folder(id: Uuid) -> String {
    format!("{OBJECTS}/{id}")
}

/// The lines that were uploaded, unpacked.
pub fn input(id: Uuid) -> String {
    format!("{OBJECTS}/{id}/input")
}

/// The file of an import, as it was uploaded.
pub fn file(id: Uuid) -> String {
    format!("{OBJECTS}/{id}/file")
}

/// Results of some lines. Each attempt has names of its own, so that nobody
/// replaces what counts.
pub fn part(id: Uuid, number: i32, attempt: Uuid) -> String {
    let attempt = attempt.simple();
    format!("{OBJECTS}/{id}/results/{number:06}-{attempt}")
}

/// The operation that an object belongs to, by its name.
pub fn operation_of(object: &str) -> Option<Uuid> {
    let rest = object.strip_prefix(OBJECTS)?.strip_prefix('/')?;
    rest.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_names_its_operation() {
        let id = Uuid::from_u128(7);
        for name in [input(id), file(id), part(id, 3, Uuid::nil())] {
            assert!(name.starts_with(&folder(id)));
            assert_eq!(operation_of(&name), Some(id));
        }
        for other in ["operations/x/input", "exports/1/data", "operations"] {
            assert_eq!(operation_of(other), None);
        }
    }
}
