//! What a bulk request says of each order.

use super::item::{Reason, Verdict};
use crate::http::{PASSING_CONFLICTS, Problem};
use reqwest::StatusCode;
use serde::Deserialize;
use std::time::Duration;

/// A line of the answer; the last one, the trailer, is of no line.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    /// Of which line it tells; 0 for the trailer.
    #[serde(default)]
    pub line: u64,
    #[serde(default)]
    status: u16,
    #[serde(default)]
    replayed: bool,
    retry_after: Option<u64>,
    problem: Option<Problem>,
}

/// What one attempt came to.
pub(super) enum Attempt {
    Done(Verdict),
    /// Nothing certain; the server may have said when to come back.
    Again(String, Option<Duration>),
    /// Nothing that an order system says.
    Unexpected(u16, String),
}

impl Answer {
    /// The answer that a line is; none for what is none of a line of ours, the
    /// trailer among it.
    pub fn read(line: &[u8]) -> Option<Self> {
        let answer: Self = serde_json::from_slice(line).ok()?;
        (answer.line > 0).then_some(answer)
    }

    /// What it says.
    pub fn attempt(self) -> Attempt {
        let status = StatusCode::from_u16(self.status).unwrap_or_default();
        if self.problem.is_none() && status.is_success() {
            let created = status == StatusCode::CREATED && !self.replayed;
            return Attempt::Done(if created {
                Verdict::Created
            } else {
                Verdict::AlreadyThere
            });
        }
        let problem = self.problem.unwrap_or_default();
        let asked = self.retry_after.map(Duration::from_secs);
        let passing = PASSING_CONFLICTS.contains(&problem.code.as_str());
        match self.status {
            409 if passing => Attempt::Again(problem.told(status), asked),
            408 | 424 | 425 | 429 | 500..=599 => Attempt::Again(problem.told(status), asked),
            400 | 409 | 413 | 422 => Attempt::Done(Verdict::Refused(reason(problem, status))),
            other => Attempt::Unexpected(other, problem.detail),
        }
    }
}

fn reason(problem: Problem, status: StatusCode) -> Reason {
    let detail = problem.told(status);
    let code = match problem.code {
        code if code.is_empty() => format!("http_{}", status.as_u16()),
        code => code,
    };
    Reason {
        code: code.into(),
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(line: &str) -> Attempt {
        Answer::read(line.as_bytes()).expect("an answer").attempt()
    }

    #[test]
    fn each_answer_says_whether_the_order_is_there() {
        for (line, verdict) in [
            (
                r#"{"line":1,"status":201,"replayed":false}"#,
                Verdict::Created,
            ),
            (
                r#"{"line":1,"status":201,"replayed":true}"#,
                Verdict::AlreadyThere,
            ),
            (
                r#"{"line":1,"status":200,"replayed":false}"#,
                Verdict::AlreadyThere,
            ),
        ] {
            assert!(
                matches!(attempt(line), Attempt::Done(v) if v == verdict),
                "{line}"
            );
        }
        let away = r#"{"line":2,"status":503,"retry_after":3,"problem":{"code":"unavailable"}}"#;
        let asked = Some(Duration::from_secs(3));
        assert!(matches!(attempt(away), Attempt::Again(_, a) if a == asked));
        assert!(Answer::read(br#"{"trailer":{"lines":2}}"#).is_none());
    }

    #[test]
    fn a_problem_without_code_is_named_by_its_status() {
        let refused = attempt(r#"{"line":1,"status":413,"problem":{}}"#);
        let Attempt::Done(Verdict::Refused(reason)) = refused else {
            panic!("not refused");
        };
        assert_eq!(reason.code, "http_413");
        assert_eq!(reason.detail, "HTTP 413 Payload Too Large");
    }
}
