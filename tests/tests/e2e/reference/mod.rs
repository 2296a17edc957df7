//! What orders refer to, and what is made of it.

mod quotes;

use libtest_mimic::Trial;

/// All tests of reference data.
pub fn trials() -> Vec<Trial> {
    quotes::trials()
}
