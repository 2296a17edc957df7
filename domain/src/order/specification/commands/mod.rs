//! Commands in few words. Amounts in pence unless said otherwise.

mod edits;
mod goods;
mod lifecycle;
mod money;
mod orders;

pub use edits::*;
pub use goods::*;
pub use lifecycle::*;
pub use money::*;
pub use orders::*;

use crate::text::{Id, Words};

pub fn id(text: &str) -> Id {
    text.try_into().expect("an id")
}

pub fn words(text: &str) -> Words {
    text.try_into().expect("words")
}

/// A reason, where it does not matter.
fn why() -> Words {
    words("because")
}
