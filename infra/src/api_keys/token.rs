//! The form of a key: `ol_` + 8 characters + `_` + 43 characters.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt;

const PREFIX: usize = 8;
/// 32 random bytes in base64url.
const SECRET: usize = 43;
/// Characters of a prefix: none that is easily taken for another.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

/// A key taken apart.
pub struct Token<'a> {
    prefix: std::borrow::Cow<'a, str>,
    secret: std::borrow::Cow<'a, str>,
}

impl Token<'static> {
    /// A fresh key: 256 bits of secret, 40 of prefix.
    pub fn random() -> Self {
        let prefix = rand::random::<[u8; PREFIX]>().map(|byte| ALPHABET[usize::from(byte % 32)]);
        let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        Self {
            prefix: prefix.map(char::from).into_iter().collect(),
            secret: secret.into(),
        }
    }
}

impl<'a> Token<'a> {
    /// Takes `text` apart; none where it is no key of ours.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (prefix, rest) = text.strip_prefix("ol_")?.split_at_checked(PREFIX)?;
        let secret = rest.strip_prefix('_')?;
        let valid = secret.len() == SECRET
            && prefix.bytes().all(|b| b.is_ascii_alphanumeric())
            && secret
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        valid.then_some(Self {
            prefix: prefix.into(),
            secret: secret.into(),
        })
    }

    /// What its row is found by.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ol_{}_{}", self.prefix, self.secret)
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_key_reads_back_and_anything_else_is_refused() {
        let text = Token::random().to_string();
        let token = Token::parse(&text).expect("our own form");
        assert_eq!(
            (token.to_string().as_str(), text.len()),
            (text.as_str(), 55)
        );
        for wrong in [
            "",
            "ol_",
            "ol_abcdefgh_",
            &text[1..],
            &text[..54],
            &format!("{text}x"),
        ] {
            assert!(Token::parse(wrong).is_none(), "{wrong}");
        }
    }
}
