//! Words, as searches compare them: what the projection stores of an order, and
//! what is left of a query.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Longest word; what is longer is cut, in texts and in queries alike.
const LONGEST: usize = 64;
/// Shortest and longest word that may be mistyped.
const MISTYPED: std::ops::RangeInclusive<usize> = 4..=32;

/// The words of a text: letters and digits, in lower case, without accents.
/// `O'Brien, Łódź 2b` is `o`, `brien`, `lodz`, `2b`.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    // Most text is plain, and has no other form to Unicode.
    let folded: String = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.nfkd()
            .filter(|c| !is_combining_mark(*c))
            .flat_map(char::to_lowercase)
            .collect()
    };
    let words: Vec<_> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().map(plain).take(LONGEST).collect())
        .collect();
    words.into_iter()
}

/// Whether a word may be found by one that is like it: letters only, since a
/// number that was mistyped is another number.
pub fn may_be_mistyped(word: &str) -> bool {
    MISTYPED.contains(&word.chars().count()) && word.chars().all(char::is_alphabetic)
}

/// Letters that have no other form to Unicode.
const fn plain(letter: char) -> char {
    match letter {
        'ß' => 's',
        'ł' => 'l',
        'ø' => 'o',
        'đ' | 'ð' => 'd',
        'ı' => 'i',
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn words_have_neither_case_nor_accents() {
        assert_eq!(of("O'Brien, ŁÓDŹ  2b"), ["o", "brien", "lodz", "2b"]);
        assert_eq!(
            of("Ａda.Müller@example.com"),
            ["ada", "muller", "example", "com"]
        );
        assert_eq!(of("東京 %_'\"\\:*&|!()<->"), ["東京"]);
        assert_eq!(of("O'BRIEN, LODZ  2b_c"), ["o", "brien", "lodz", "2b", "c"]);
        assert!(of(" - ").is_empty() && of("").is_empty());
        assert_eq!(of(&"x".repeat(100)), ["x".repeat(LONGEST)]);
    }

    #[test]
    fn only_words_of_letters_may_be_mistyped() {
        assert!(may_be_mistyped("lamp") && may_be_mistyped("東京都庁"));
        for word in ["lam", "n1001", "1001", ""] {
            assert!(!may_be_mistyped(word), "{word}");
        }
    }
}
