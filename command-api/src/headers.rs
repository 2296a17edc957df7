//! Request headers that only commands have.

use actix_web::HttpRequest;
use infra::http::Problem;

const CAUSATION_ID: &str = "causation-id";

/// The request's `Causation-Id`: the event or command that led to this one, 1
/// to 255 visible ASCII characters.
///
/// # Errors
/// 400 where it is malformed or sent twice.
pub fn causation_id(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut values = request.headers().get_all(CAUSATION_ID);
    let Some(first) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(invalid());
    }
    valid_causation(first.to_str().unwrap_or_default().to_owned()).map(Some)
}

/// What led to a command, told without a header of its own.
///
/// # Errors
/// 400 where it is not 1 to 255 visible ASCII characters.
pub fn valid_causation(id: String) -> Result<String, Problem> {
    let visible = (1..=255).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    if visible { Ok(id) } else { Err(invalid()) }
}

fn invalid() -> Problem {
    let problem = Problem::bad_request("invalid_causation_id", "The Causation-Id is malformed");
    problem.detail("expected 1 to 255 visible ASCII characters, once")
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn read(values: &[&str]) -> Result<Option<String>, &'static str> {
        let mut request = TestRequest::default();
        for value in values {
            request = request.append_header((CAUSATION_ID, *value));
        }
        causation_id(&request.to_http_request()).map_err(|problem| problem.code())
    }

    #[test]
    fn what_led_to_a_command_is_told_once_and_visibly() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["01990000-e"]), Ok(Some("01990000-e".into())));
        let long = "x".repeat(256);
        for wrong in [&["a b"][..], &[""], &[&long], &["a", "b"]] {
            assert_eq!(read(wrong), Err("invalid_causation_id"), "{wrong:?}");
        }
    }
}
