//! Parts of a file (RFC 9110 §14).

use crate::problems::range_not_satisfiable;
use actix_web::{
    HttpRequest,
    http::header::{IF_RANGE, RANGE, Range as Ranges},
};
use infra::http::Problem;
use std::ops::Range;

/// The part of a file of `size` bytes with this tag that a request asks for; none:
/// all of it. Of several parts nobody asks: whoever does is sent all of it, as is
/// whoever has a part of another file, or writes what is no range.
///
/// # Errors
/// 416 for a part that the file does not have.
pub fn part(request: &HttpRequest, etag: &str, size: u64) -> Result<Option<Range<u64>>, Problem> {
    let headers = request.headers();
    let same = headers.get(IF_RANGE).is_none_or(|value| value == etag);
    let asked = headers.get(RANGE).filter(|_| same);
    let asked = asked.and_then(|value| value.to_str().ok()?.parse().ok());
    let Some(Ranges::Bytes(specs)) = asked else {
        return Ok(None);
    };
    let [spec] = &specs[..] else {
        return Ok(None);
    };
    match spec.to_satisfiable_range(size) {
        Some((first, last)) => Ok(Some(first..last + 1)),
        None => Err(range_not_satisfiable(size)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    const TAG: &str = "\"a\"";

    fn asked(range: &str, if_range: Option<&str>) -> Result<Option<Range<u64>>, u16> {
        let mut request = TestRequest::default().insert_header((RANGE, range));
        if let Some(tag) = if_range {
            request = request.insert_header((IF_RANGE, tag));
        }
        let asked = part(&request.to_http_request(), TAG, 10);
        asked.map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_part_is_cut_to_what_there_is() {
        for (range, part) in [
            ("bytes=0-3", Some(0..4)),
            ("bytes=5-", Some(5..10)),
            ("bytes=5-99", Some(5..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-99", Some(0..10)),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
            ("nonsense", None),
        ] {
            assert_eq!(asked(range, None), Ok(part), "{range}");
        }
        assert_eq!(asked("bytes=10-", None), Err(416));
    }

    #[test]
    fn a_part_of_another_file_is_all_of_this_one() {
        assert_eq!(asked("bytes=0-3", Some(TAG)), Ok(Some(0..4)));
        for other in ["\"b\"", "W/\"a\"", "Fri, 27 Nov 2026 05:00:00 GMT"] {
            assert_eq!(asked("bytes=0-3", Some(other)), Ok(None), "{other}");
        }
    }
}
