//! What handlers say in words.

/// Longest text that is kept.
const LONGEST: usize = 2_000;

/// As it is kept: not too long, and without the zero character, which
/// PostgreSQL refuses.
pub fn bounded(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
        .chars()
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_and_has_no_zero_character() {
        assert_eq!(bounded("a\0b"), "a\u{fffd}b");
        assert_eq!(bounded(&"ä".repeat(3_000)).chars().count(), LONGEST);
    }
}
