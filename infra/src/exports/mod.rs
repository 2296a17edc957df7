//! Exports in the background: asked for in a request, written by a job into a
//! file of the object store, downloaded by a signed link, thrown away after some
//! days.
//!
//! ```text
//!  POST ──one transaction──> exports, a job ──> worker ──> source ──> file, under a name of its own
//!                               ▲                                       │ whole
//!                               └─────────── that name, its hash ───────┘
//! ```
//!
//! | file | what |
//! |---|---|
//! | `wanted.rs` | what can be asked for |
//! | `record.rs` | an export as people see it |
//! | `source.rs` | whoever knows what exports hold |
//! | `jobs.rs` | the jobs that work on them |
//! | `link.rs` | links that need no key |
//! | `store/` | the SQL |
//!
//! A row names a file only once that is whole, and each attempt at one has another
//! name: whatever a killed worker leaves is never seen, and swept away.

mod jobs;
mod link;
mod record;
mod source;
mod store;
mod wanted;

pub use jobs::{LONGEST, RemoveExport, WriteExport};
pub use link::{LinkError, Links, SignedLink};
pub use record::{Export, ExportProgress, ExportState};
pub use source::{Failure, Opened, Source};
pub use store::{
    Created, Expired, Filter, Finished, NewExport, StoredFile, begin, cancel, create, delete,
    expired, file, find, finish, forget, forget_old, list, note_problem, orphans, settle,
    without_file,
};
pub use wanted::{
    ExportCompression, ExportFormat, ExportKind, FilterValue, Filters, Wanted, object_prefix,
};

/// Where files are among the objects.
pub const FOLDER: &str = "exports";
