//! A model check of races on the real store: two commands that can break a
//! rule only together are sent at the same moment to two instances of the
//! command API, over and over. Exactly the allowed ones win; the losers get
//! the code of the rule that would be broken.

mod arena;
mod goods;
mod identity;
mod money;

use libtest_mimic::Trial;

/// All races.
pub fn trials() -> Vec<Trial> {
    [money::trials(), goods::trials(), identity::trials()]
        .into_iter()
        .flatten()
        .collect()
}
