//! Reference data: what orders refer to, and how commands on it are carried
//! out. Each kind is one aggregate whose last event says all.

mod answer;
mod executors;
mod kind;
mod record;

pub use answer::ReferenceAnswer;
pub use executors::{Executors, Rehearsals};
pub use kind::Kind;
pub use record::Reference;
