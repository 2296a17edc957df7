//! A hash of all that a document depends on.

use sha2::{Digest as _, Sha256};
use std::hash::{Hash, Hasher};

/// The SHA-256 of what a value is made of: other values have others.
pub fn fingerprint(value: &impl Hash) -> [u8; 32] {
    let mut taken = Taken(Sha256::new());
    value.hash(&mut taken);
    taken.0.finalize().into()
}

/// Takes a value's parts, with which each ends where the next begins.
struct Taken(Sha256);

impl Hasher for Taken {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The first eight bytes of it.
    fn finish(&self) -> u64 {
        let whole: [u8; 32] = self.0.clone().finalize().into();
        whole
            .iter()
            .take(8)
            .fold(0, |all, byte| (all << 8) | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_from_one_part_to_the_next_unseen() {
        assert_eq!(fingerprint(&["ab", "c"]), fingerprint(&["ab", "c"]));
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_ne!(
            fingerprint(&[&["a"][..], &[]]),
            fingerprint(&[&[][..], &["a"]])
        );
    }
}
