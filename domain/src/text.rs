//! Text that comes from outside, checked once.

use serde::{Deserialize, Serialize};
use std::{fmt, ops::Deref};

/// Longest identifier, in characters.
pub const MAX_ID: usize = 255;
/// Longest other text, in characters.
pub const MAX_TEXT: usize = 2_000;

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing in it where something is needed.
    #[error("must not be empty")]
    Empty,
    /// More characters than allowed.
    #[error("must not be longer than {0} characters")]
    TooLong(usize),
    /// A control character (Unicode category Cc).
    #[error("must not contain control characters")]
    Control,
    /// A platform's slug is lower-case letters, digits, `-` and `_`.
    #[error(
        "must consist of lower-case letters, digits, '-' and '_', and begin with a letter or digit"
    )]
    NotASlug,
}

fn check(text: &str, max: usize) -> Result<(), InvalidText> {
    // Bytes first: counting the characters of a megabyte is wasted work.
    if text.len() > max * 4 || text.chars().count() > max {
        return Err(InvalidText::TooLong(max));
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidText::Control);
    }
    Ok(())
}

/// Makes a checked text type.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl TryFrom<String> for $name {
            type Error = InvalidText;
            fn try_from(text: String) -> Result<Self, InvalidText> {
                let check: fn(&str) -> Result<(), InvalidText> = $check;
                check(&text)?;
                Ok(Self(text))
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidText;
            fn try_from(text: &str) -> Result<Self, InvalidText> {
                text.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_type!(
    /// An identifier from outside: 1–255 characters, no control characters.
    Id,
    |text| {
        if text.is_empty() {
            return Err(InvalidText::Empty);
        }
        check(text, MAX_ID)
    }
);
text_type!(
    /// Any other text, possibly empty: at most 2,000 characters, no control
    /// characters.
    Text,
    |text| check(text, MAX_TEXT)
);
text_type!(
    /// Text that says something: not empty, not only blanks.
    Words,
    |text| {
        if text.trim().is_empty() {
            return Err(InvalidText::Empty);
        }
        check(text, MAX_TEXT)
    }
);
text_type!(
    /// A sales channel's slug.
    Slug,
    |text| {
        if text.is_empty() {
            return Err(InvalidText::Empty);
        }
        let ordinary = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        if !text.bytes().all(|b| ordinary(b) || b == b'-' || b == b'_')
            || !text.bytes().next().is_some_and(ordinary)
        {
            return Err(InvalidText::NotASlug);
        }
        check(text, MAX_ID)
    }
);

/// Nothing is a text, too.
impl Default for Text {
    fn default() -> Self {
        Self(String::new())
    }
}

/// What can name a channel can be its name.
impl From<&Slug> for Words {
    fn from(slug: &Slug) -> Self {
        Self(slug.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_one_to_255_characters() {
        assert!(Id::try_from("ä".repeat(255)).is_ok());
        assert_eq!(
            Id::try_from("ä".repeat(256)),
            Err(InvalidText::TooLong(255))
        );
        assert_eq!(Id::try_from(""), Err(InvalidText::Empty));
    }

    #[test]
    fn control_characters_and_megabytes_are_refused() {
        assert_eq!(Text::try_from("a\u{0}b"), Err(InvalidText::Control));
        assert_eq!(
            Text::try_from("x".repeat(1 << 20)),
            Err(InvalidText::TooLong(2_000))
        );
        assert_eq!(Words::try_from("  "), Err(InvalidText::Empty));
    }

    #[test]
    fn slugs_are_lower_case() {
        assert!(Slug::try_from("online-retail").is_ok());
        assert_eq!(Slug::try_from("Web"), Err(InvalidText::NotASlug));
        assert_eq!(Slug::try_from("-web"), Err(InvalidText::NotASlug));
    }
}
