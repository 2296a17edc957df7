//! `Prefer` (RFC 7240): how long a read may wait, and what a time-out means.

use actix_web::HttpRequest;
use std::time::Duration;

/// The preferences that this API knows; all others are ignored, as the RFC
/// asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prefer {
    /// `wait=N`: seconds to wait for the answer that was asked for.
    pub wait: Option<Duration>,
    /// `handling=strict`: an error rather than an answer that is not.
    pub handling_strict: bool,
}

impl Prefer {
    /// The preferences of a request. The first one of a name counts.
    pub fn of(request: &HttpRequest) -> Self {
        let mut prefer = Self::default();
        let mut handling = None;
        for preference in request
            .headers()
            .get_all("prefer")
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
        {
            // Parameters after `;` do not change what the two mean.
            let bare = preference.split(';').next().unwrap_or_default();
            let (name, value) = bare.split_once('=').unwrap_or((bare, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "wait" if prefer.wait.is_none() => {
                    prefer.wait = value.parse().ok().map(Duration::from_secs);
                }
                "handling" if handling.is_none() => handling = Some(value.to_owned()),
                _ => {}
            }
        }
        prefer.handling_strict = handling.is_some_and(|h| h.eq_ignore_ascii_case("strict"));
        prefer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn prefer(value: &str) -> Prefer {
        let request = TestRequest::default().insert_header(("prefer", value));
        Prefer::of(&request.to_http_request())
    }

    #[test]
    fn known_preferences_are_read_and_others_ignored() {
        let expected = Prefer {
            wait: Some(Duration::from_secs(2)),
            handling_strict: true,
        };
        assert_eq!(prefer("wait=2, handling=strict"), expected);
        assert_eq!(
            prefer("respond-async, Handling=\"strict\"; x=1, WAIT = 2"),
            expected
        );
        assert_eq!(prefer("wait=2, wait=9, handling=strict"), expected);
        assert_eq!(prefer("wait=soon, handling=lenient"), Prefer::default());
    }
}
