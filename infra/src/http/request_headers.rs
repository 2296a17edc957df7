//! Request headers of commands.

use super::problem::Problem;
use actix_web::HttpRequest;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The request's `Idempotency-Key`: 1 to 255 visible ASCII characters, bare or
/// as the quoted string of draft-ietf-httpapi-idempotency-key-header.
///
/// # Errors
/// 400 where it is malformed, sent twice, or absent although `required`.
pub fn idempotency_key(request: &HttpRequest, required: bool) -> Result<Option<String>, Problem> {
    let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
    let Some(first) = values.next() else {
        return if required { Err(missing()) } else { Ok(None) };
    };
    if values.next().is_some() {
        return Err(invalid("sent more than once"));
    }
    let text = first.to_str().map_err(|_| invalid("not ASCII"))?.trim();
    let key = if text.starts_with('"') {
        unquoted(text).ok_or_else(|| invalid("not a quoted string (RFC 9651)"))?
    } else {
        text.to_owned()
    };
    valid_key(key).map(Some)
}

/// A key that came without a header of its own.
///
/// # Errors
/// 400 where it is not 1 to 255 visible ASCII characters.
pub fn valid_key(key: String) -> Result<String, Problem> {
    if (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(key)
    } else {
        Err(invalid("not 1 to 255 visible ASCII characters"))
    }
}

/// The content of a structured-field string (RFC 9651 §3.3.3).
fn unquoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut key = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => key.push(characters.next().filter(|c| matches!(c, '"' | '\\'))?),
            '"' => return None,
            other => key.push(other),
        }
    }
    Some(key)
}

fn missing() -> Problem {
    Problem::bad_request("idempotency_key_required", "An Idempotency-Key is needed")
}

fn invalid(detail: &str) -> Problem {
    Problem::bad_request(
        "invalid_idempotency_key",
        "The Idempotency-Key is malformed",
    )
    .detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn key(value: &str) -> Result<Option<String>, &'static str> {
        let request = TestRequest::default().insert_header((IDEMPOTENCY_KEY, value));
        idempotency_key(&request.to_http_request(), false).map_err(|p| p.code())
    }

    #[test]
    fn bare_and_quoted_keys_are_the_same_key() {
        assert_eq!(key("8e03978e"), Ok(Some("8e03978e".into())));
        assert_eq!(key("\"8e03978e\""), Ok(Some("8e03978e".into())));
        assert_eq!(key(r#""a\"b\\c""#), Ok(Some(r#"a"b\c"#.into())));
    }

    #[test]
    fn malformed_keys_are_refused() {
        let long = "x".repeat(256);
        for wrong in ["", "a b", "\"a", "\"\"", r#""a\b""#, &long] {
            assert_eq!(key(wrong), Err("invalid_idempotency_key"), "{wrong}");
        }
    }

    #[test]
    fn a_required_key_may_not_be_absent() {
        let request = TestRequest::default().to_http_request();
        let problem = idempotency_key(&request, true).expect_err("it is required");
        assert_eq!(problem.code(), "idempotency_key_required");
        assert_eq!(idempotency_key(&request, false).ok(), Some(None));
    }
}
