//! What receivers answer is kept for people to read, without what is nobody's
//! business.

use regex_lite::Regex;
use std::sync::LazyLock;

const REDACTED: &str = "[redacted]";

/// What is replaced, and by what.
static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        // Headers that were echoed.
        (r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{6,}", "$1 [redacted]"),
        // Secrets of webhooks, keys of payment providers, JSON Web Tokens.
        (r"whsec_[A-Za-z0-9+/=]+", REDACTED),
        (r"\b[a-z]{2}_(live|test)_[A-Za-z0-9]{8,}", REDACTED),
        (r"\beyJ[\w-]+\.[\w-]+\.[\w-]*", REDACTED),
        // Members of JSON, of forms and of settings.
        (
            r#"(?i)("?[\w-]*(?:passw(?:or)?d|secret|token|api[_-]?key|authorization|cookie|session)[\w-]*"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|[^\s,;&}\]"]+)"#,
            "${1}[redacted]",
        ),
        // Addresses, numbers of cards and of bank accounts.
        (r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+", REDACTED),
        (r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b", REDACTED),
        (r"\b\d(?:[ -]?\d){12,18}\b", REDACTED),
    ]
    .into_iter()
    .filter_map(|(pattern, by)| Some((Regex::new(pattern).ok()?, by)))
    .collect()
});

/// The text without secrets and personal data, as far as their form shows them.
pub fn redact(text: &str) -> String {
    let mut redacted = text.to_owned();
    for (pattern, by) in RULES.iter() {
        redacted = pattern.replace_all(&redacted, *by).into_owned();
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_one() {
        assert_eq!(RULES.len(), 8);
    }

    #[test]
    fn secrets_and_personal_data_are_taken_out() {
        for (told, kept) in [
            ("", ""),
            ("ok", "ok"),
            ("order 42 is unknown", "order 42 is unknown"),
            (
                "0192d7a0-8f3e-7000-9c41-2f6a1d2e3b4c",
                "0192d7a0-8f3e-7000-9c41-2f6a1d2e3b4c",
            ),
            (
                "Authorization: Bearer abc.def-123",
                "Authorization: [redacted] [redacted]",
            ),
            (
                r#"{"password":"a\"b","ok":1}"#,
                r#"{"password":[redacted],"ok":1}"#,
            ),
            ("access_token=abc&ok=1", "access_token=[redacted]&ok=1"),
            (
                "not signed by whsec_MfKQ9r8GKYq=",
                "not signed by [redacted]",
            ),
            ("no user ada.l@shop.example here", "no user [redacted] here"),
            (
                "card 4111 1111 1111 1111 refused",
                "card [redacted] refused",
            ),
            (
                "paid from DE89 3704 0044 0532 0130 00.",
                "paid from [redacted].",
            ),
            ("key sk_live_4eC39HqLyjWD", "key [redacted]"),
        ] {
            assert_eq!(redact(told), kept);
        }
    }
}
