//! Keeping the statistics that people ask for in the cache.
//!
//! The read API notes what it is asked (`infra::asked`); here it is asked for the same
//! again, one question after the other, so that the answers are in Redis when people
//! come. What is there already costs a look: the read API serves it, or confirms that
//! its state is the present one. Nobody is told the answers, so none is sent.

mod job;
mod metrics;

pub use job::{WarmUp, Warming, warm_up};
pub use metrics::describe;
