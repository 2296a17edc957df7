//! What a bulk request says of each order.

use super::item::{Reason, Verdict};
use crate::{
    bulk::{Answer, Attempt},
    http::Problem,
};
use reqwest::StatusCode;

/// What an answer says of its order.
pub(super) fn attempt(answer: Answer) -> Attempt<Verdict> {
    if let Some((last, asked)) = answer.again() {
        return Attempt::Again(last, asked);
    }
    let status = answer.status();
    if answer.succeeded() {
        let created = status == StatusCode::CREATED && !answer.replayed;
        return Attempt::Done(if created {
            Verdict::Created
        } else {
            Verdict::AlreadyThere
        });
    }
    let problem = answer.problem.unwrap_or_default();
    match answer.status {
        400 | 409 | 413 | 422 => Attempt::Done(Verdict::Refused(reason(problem, status))),
        other => Attempt::Unexpected(other, problem.detail),
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

    fn told(line: &str) -> Attempt<Verdict> {
        attempt(Answer::read(line.as_bytes()).expect("an answer"))
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
                matches!(told(line), Attempt::Done(v) if v == verdict),
                "{line}"
            );
        }
        let away = r#"{"line":2,"status":503,"problem":{"code":"unavailable"}}"#;
        assert!(matches!(told(away), Attempt::Again(..)));
        let missing = r#"{"line":1,"status":404,"problem":{"code":"route_not_found"}}"#;
        assert!(matches!(told(missing), Attempt::Unexpected(404, _)));
    }

    #[test]
    fn a_problem_without_code_is_named_by_its_status() {
        let refused = told(r#"{"line":1,"status":413,"problem":{}}"#);
        let Attempt::Done(Verdict::Refused(reason)) = refused else {
            panic!("not refused");
        };
        assert_eq!(reason.code, "http_413");
        assert_eq!(reason.detail, "HTTP 413 Payload Too Large");
    }
}
