//! How many files and connections the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many there may be now; none: any number.
pub fn limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Raises the soft limit to the hard one: the soft one is 1,024 by default, for
/// programs that use `select`, and each client of a stream is a connection.
pub fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => tracing::debug!(from = ?current, to = ?maximum, "open_files.limit"),
        Err(error) => tracing::warn!(%error, limit = ?current, "open_files.limit_not_raised"),
    }
}
