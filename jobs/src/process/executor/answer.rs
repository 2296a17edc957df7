//! What the command API made of a step.

use crate::http::{PASSING_CONFLICTS, Problem, is_passing};
use reqwest::StatusCode;
use std::time::Duration;

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is done, now or before.
    Done,
    /// The order has moved on; the row will follow.
    Stale,
    /// The command API said no: trying again would not help.
    Refused {
        /// Stable code of the rule.
        code: String,
        /// In words.
        why: String,
    },
    /// Nothing certain: the same once more, some time.
    Again {
        /// Why.
        why: String,
        /// How long the server asked to be left alone.
        asked: Option<Duration>,
    },
    /// Whoever runs this has to do something first; until then, the same once
    /// more.
    Misconfigured {
        /// What is wrong.
        why: String,
    },
}

/// What an answer of this status means. `problem` is its body.
pub fn answer(status: StatusCode, problem: &Problem, asked: Option<Duration>) -> Answer {
    let (why, code) = (problem.told(status), problem.code.as_str());
    let passing = PASSING_CONFLICTS.contains(&code);
    match status.as_u16() {
        200..=299 => Answer::Done,
        412 => Answer::Stale,
        409 if passing => Answer::Again { why, asked },
        status if is_passing(status) => Answer::Again { why, asked },
        401 | 403 => Answer::Misconfigured {
            why: format!("the command API refuses the API key: {why}"),
        },
        400..=499 if is_refusal(code) => Answer::Refused {
            code: code.to_owned(),
            why,
        },
        _ => Answer::Misconfigured {
            why: format!("what answers is no command API: HTTP {status}"),
        },
    }
}

/// Whether a command was understood and refused. Something else that answers
/// at the URL (another service, a proxy) must not take steps away.
fn is_refusal(code: &str) -> bool {
    !matches!(code, "" | "route_not_found" | "method_not_allowed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, code: &str) -> Answer {
        let problem = Problem {
            code: code.into(),
            ..Problem::default()
        };
        let status = StatusCode::from_u16(status).expect("a status");
        answer(status, &problem, Some(Duration::from_secs(7)))
    }

    #[test]
    fn whatever_succeeded_is_done() {
        for status in [200, 201, 202] {
            assert_eq!(of(status, ""), Answer::Done);
        }
    }

    #[test]
    fn what_may_pass_is_tried_again_when_the_server_wants_it() {
        for (status, code) in [
            (408, "request_timeout"),
            (429, "rate_limited"),
            (500, "internal"),
            (502, ""),
            (503, "unavailable"),
            (503, "newer_release"),
            (409, "contended"),
        ] {
            let Answer::Again { asked, .. } = of(status, code) else {
                panic!("{status} {code}");
            };
            assert_eq!(asked, Some(Duration::from_secs(7)));
        }
    }

    #[test]
    fn a_refusal_is_final_and_keeps_its_code() {
        for (status, code) in [
            (400, "invalid_body"),
            (404, "order_not_found"),
            (409, "order_cancelled"),
            (422, "refund_exceeds_captured"),
        ] {
            let refused = of(status, code);
            assert!(matches!(refused, Answer::Refused { code: c, .. } if c == code));
        }
    }

    #[test]
    fn an_order_that_moved_on_is_looked_at_again() {
        assert_eq!(of(412, "precondition_failed"), Answer::Stale);
    }

    #[test]
    fn a_wrong_key_or_url_loses_no_step() {
        for (status, code) in [
            (401, "unauthorized"),
            (403, "forbidden"),
            (404, ""),
            (404, "route_not_found"),
            (405, "method_not_allowed"),
            (301, ""),
        ] {
            let answer = of(status, code);
            assert!(matches!(answer, Answer::Misconfigured { .. }), "{status}");
        }
    }
}
