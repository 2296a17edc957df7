//! What can go wrong while a page is made, and the page that says so.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use infra::http::ProblemDocument;
use std::fmt;

/// Why there is no such page as was asked for. [`crate::frame`] makes of it a page that
/// says what to do.
#[derive(Debug)]
pub enum Failure {
    /// Nobody is signed in, or not any more.
    SignedOut(SignedOut),
    /// The API has refused, and says why.
    Refused(Box<Refusal>),
    /// A form that is not of this session: 403.
    Forged,
    /// A form that cannot be read, and why: 400.
    Form(String),
    /// The console itself has no such page.
    Unknown,
    /// It is not known yet where the APIs are: 503.
    Starting,
    /// The API does not answer: 502, or 504 where it took too long.
    Away {
        /// Whether there was an answer to come.
        late: bool,
        /// What the HTTP client says, for the log.
        cause: String,
    },
    /// The API has said something that this release cannot read: what, for the log,
    /// which is told no value of the answer.
    Unreadable(String),
}

/// Why a session is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedOut {
    /// There was none, or it has ended.
    NoSession,
    /// The API does not take its key any more.
    KeyRefused,
}

/// What the API refuses a request with (RFC 9457), with the figures of its rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The problem as the API told it.
    pub problem: ProblemDocument,
    /// When to try again, in seconds, where it says so.
    pub retry_after: Option<u64>,
}

impl Refusal {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::BAD_GATEWAY)
    }

    /// What it says, in one sentence or two.
    pub fn sentence(&self) -> String {
        match &self.problem.detail {
            Some(detail) => format!("{}: {detail}", self.problem.title),
            None => self.problem.title.clone(),
        }
    }

    /// The figures of the rule and the parts of the request that were wrong, each with
    /// its name.
    pub fn figures(&self) -> Vec<(String, String)> {
        let figures = self.problem.extensions.iter().map(|(name, value)| {
            let value = match value {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (name.replace('_', " "), value)
        });
        let errors = self.problem.errors.iter().map(|error| {
            let place = error.pointer.as_ref().or(error.parameter.as_ref());
            (place.cloned().unwrap_or_default(), error.detail.clone())
        });
        figures.chain(errors).collect()
    }
}

impl Failure {
    /// An answer that is not of the shape of `T`. What `serde_json` says of it quotes the
    /// answer, which may be somebody's address: here it is told by its place alone.
    pub fn other_shape<T>(error: &serde_json::Error) -> Self {
        let (kind, line, column) = (error.classify(), error.line(), error.column());
        let wanted = std::any::type_name::<T>();
        Self::Unreadable(format!(
            "{kind:?} at line {line}, column {column}: no {wanted}"
        ))
    }

    /// The refusal, where the API has refused.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The same, where it is one of a part alone, whose page can be shown without it: the
    /// API has refused the part, is too slow for it, or says what nobody can read.
    ///
    /// # Errors
    /// The failure itself, where there is no page to show, or nothing of it.
    pub fn of_part(self) -> Result<Self, Self> {
        match self {
            Self::Refused(_) | Self::Away { late: true, .. } | Self::Unreadable(_) => Ok(self),
            other => Err(other),
        }
    }

    /// Tells the log of what operators have to know.
    pub fn log(&self) {
        match self {
            Self::Away { late, cause } => tracing::warn!(late, cause, "console.api_away"),
            Self::Unreadable(cause) => tracing::error!(cause, "console.answer_unreadable"),
            _ => {}
        }
    }

    /// The refusal, where it is one that is shown beside the form that led to it:
    /// whatever the API decided about the request itself.
    ///
    /// # Errors
    /// The failure itself, where it is another one.
    pub fn into_refusal(self) -> Result<Refusal, Self> {
        match self {
            Self::Refused(refusal) if refusal.status().is_client_error() => Ok(*refusal),
            other => Err(other),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedOut(_) => f.write_str("nobody is signed in"),
            Self::Refused(refusal) => f.write_str(&refusal.problem.code),
            Self::Forged => f.write_str("the form is not of this session"),
            Self::Form(what) => f.write_str(what),
            Self::Unknown => f.write_str("there is no such page"),
            Self::Starting => f.write_str("the console is about to start"),
            Self::Away { cause, .. } => write!(f, "the API is away: {cause}"),
            Self::Unreadable(what) => write!(f, "the API's answer cannot be read: {what}"),
        }
    }
}

impl std::error::Error for Failure {}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignedOut(_) => StatusCode::UNAUTHORIZED,
            Self::Refused(refusal) => refusal.status(),
            Self::Forged => StatusCode::FORBIDDEN,
            Self::Form(_) => StatusCode::BAD_REQUEST,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Starting => StatusCode::SERVICE_UNAVAILABLE,
            Self::Away { late: true, .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Away { .. } | Self::Unreadable(_) => StatusCode::BAD_GATEWAY,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_late_is_missing_and_an_api_that_is_gone_takes_the_page_along() {
        let away = |late| Failure::Away {
            late,
            cause: String::new(),
        };
        assert!(away(true).of_part().is_ok());
        assert!(Failure::Unreadable(String::new()).of_part().is_ok());
        assert!(away(false).of_part().is_err());
        let ended = Failure::SignedOut(SignedOut::KeyRefused);
        assert!(ended.of_part().is_err(), "the session has ended");
    }

    #[test]
    fn what_an_answer_says_is_told_to_no_log() {
        let answer = "{\n\"version\": \"ann@example.org\"}";
        let read = serde_json::from_str::<std::collections::BTreeMap<String, i64>>(answer);
        let failure = Failure::other_shape::<i64>(&read.expect_err("another shape"));
        let told = failure.to_string();
        assert!(!told.contains("example.org"), "{told}");
        assert!(
            told.contains("Data at line 2") && told.contains("i64"),
            "{told}"
        );
    }

    #[test]
    fn a_refusal_is_told_with_the_figures_of_its_rule() {
        let problem: ProblemDocument = serde_json::from_value(serde_json::json!({
            "type": "/problems/refund_exceeds_captured", "status": 409,
            "title": "More than was captured cannot be refunded",
            "code": "refund_exceeds_captured", "requested": 6000, "refundable": 4000,
            "errors": [{"pointer": "/amount", "detail": "too much"}],
        }))
        .expect("a problem");
        let refusal = Refusal {
            problem,
            retry_after: None,
        };
        assert_eq!(refusal.status(), StatusCode::CONFLICT);
        let figures = refusal.figures();
        let told: Vec<_> = figures
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("refundable", "4000"),
                ("requested", "6000"),
                ("/amount", "too much")
            ]
        );
    }
}
