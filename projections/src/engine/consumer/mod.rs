//! One membership of the projection's consumer group: from joining it with
//! the stored offsets until anything unusual happens.

mod context;
mod lag;
mod poll;
mod session;

pub(super) use session::{Ended, Leave, Session};
