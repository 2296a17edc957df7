//! Entity tags and conditional requests (RFC 9110 §8.8.3, §13.1).

use super::{coding::Coding, problem::Problem};
use actix_web::{
    HttpRequest,
    http::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH},
};
use std::{borrow::Cow, fmt};

/// The strong tag of one order's document: `"<version>-<revision>"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Etag {
    /// Version of the order.
    pub version: i64,
    /// Rises when the stored document changes without the order; 0 in the
    /// answer of a command.
    pub revision: i32,
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}-{}\"", self.version, self.revision)
    }
}

/// What `If-Match` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: that the order exists.
    Any,
    /// That its version is one of these. Tags that are weak or not ours are
    /// left out, since they match nothing.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Whether an order of this version satisfies it.
    pub fn allows(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

/// The request's `If-Match`, by the version part of each tag: `"7"`, `"7-2"`
/// and `"7-2-gz"` all mean version 7.
///
/// # Errors
/// 400 where it is not a list of tags.
pub fn if_match(request: &HttpRequest) -> Result<Option<IfMatch>, Problem> {
    let Some(value) = joined(request.headers(), &IF_MATCH) else {
        return Ok(None);
    };
    let tags = tags(&value).ok_or_else(|| {
        Problem::bad_request("invalid_if_match", "If-Match is malformed")
            .detail("expected `*` or quoted entity tags such as \"7\"")
    })?;
    let Tags::List(tags) = tags else {
        return Ok(Some(IfMatch::Any));
    };
    // If-Match compares strongly: a weak tag never matches.
    let strong = tags.iter().filter(|tag| !tag.weak);
    let versions = strong.filter_map(|tag| version_of(tag.opaque));
    Ok(Some(IfMatch::Versions(versions.collect())))
}

/// Whether the request's `If-None-Match` names `etag` (with its quotes), by
/// weak comparison and in whichever coding: then the answer is 304. A malformed
/// header is ignored.
pub fn none_match(request: &HttpRequest, etag: &str) -> bool {
    let Some(value) = if_none_match(request.headers()) else {
        return false;
    };
    let ours = opaque(etag);
    match tags(&value) {
        Some(Tags::Any) => true,
        Some(Tags::List(tags)) => tags
            .iter()
            .any(|tag| tag.opaque == ours || coding_in(tag.opaque, ours).is_some()),
        None => false,
    }
}

/// The value of `If-None-Match`.
pub(super) fn if_none_match(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    joined(headers, &IF_NONE_MATCH)
}

/// The coding of a representation that a client has, by its `If-None-Match`, and
/// `takes`; none where it has the one of `etag` itself, or none.
pub(super) fn coding_of(
    if_none_match: &str,
    etag: &str,
    takes: impl Fn(Coding) -> bool,
) -> Option<Coding> {
    let Some(Tags::List(tags)) = tags(if_none_match) else {
        return None;
    };
    let ours = opaque(etag);
    let mut codings = tags.iter().filter_map(|tag| coding_in(tag.opaque, ours));
    let itself = tags.iter().any(|tag| tag.opaque == ours);
    if itself {
        None
    } else {
        codings.find(|coding| takes(*coding))
    }
}

/// The coding that `theirs` names, where it is `ours` in a coding.
fn coding_in(theirs: &str, ours: &str) -> Option<Coding> {
    let mark = theirs.strip_prefix(ours)?;
    let mut codings = Coding::ALL.into_iter();
    codings.find(|coding| coding.mark() == mark)
}

fn opaque(etag: &str) -> &str {
    etag.trim_start_matches("W/").trim_matches('"')
}

enum Tags<'a> {
    Any,
    List(Vec<Tag<'a>>),
}

struct Tag<'a> {
    weak: bool,
    opaque: &'a str,
}

/// Several header lines are one list (RFC 9110 §5.3).
fn joined<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    let values = headers.get_all(name);
    let mut values = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let mut all = values.next()?;
    for value in values {
        let all = all.to_mut();
        all.push(',');
        all.push_str(&value);
    }
    Some(all)
}

fn tags(value: &str) -> Option<Tags<'_>> {
    if value.trim() == "*" {
        return Some(Tags::Any);
    }
    let mut list = Vec::new();
    let mut rest = value.trim_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let (weak, tag) = match rest.strip_prefix("W/") {
            Some(tag) => (true, tag),
            None => (false, rest),
        };
        let (opaque, after) = tag.strip_prefix('"')?.split_once('"')?;
        list.push(Tag { weak, opaque });
        let after = after.trim_start();
        if !after.is_empty() && !after.starts_with(',') {
            return None;
        }
        rest = after.trim_matches([' ', '\t', ',']);
    }
    (!list.is_empty()).then_some(Tags::List(list))
}

fn version_of(opaque: &str) -> Option<i64> {
    let version = opaque.split('-').next()?;
    let digits = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| version.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn asked(value: &str) -> Result<Option<IfMatch>, &'static str> {
        let request = TestRequest::default().insert_header((IF_MATCH, value));
        if_match(&request.to_http_request()).map_err(|p| p.code())
    }

    fn unchanged(value: &str, etag: &str) -> bool {
        let request = TestRequest::default().insert_header((IF_NONE_MATCH, value));
        none_match(&request.to_http_request(), etag)
    }

    #[test]
    fn if_match_compares_the_version_part() {
        for tag in [
            "\"7\"",
            "\"7-2\"",
            "\"7-2-gz\"",
            "\"3-0\" , \"7-0\"",
            "W/\"8\",\"7\"",
        ] {
            let asked = asked(tag).expect("valid").expect("present");
            assert!(asked.allows(7) && !asked.allows(8), "{tag}");
        }
        assert_eq!(asked("*"), Ok(Some(IfMatch::Any)));
    }

    #[test]
    fn weak_and_foreign_tags_match_nothing() {
        for tag in ["W/\"7\"", "\"abc\"", "\"-7\"", "\"\"", "\"+7\""] {
            assert_eq!(asked(tag), Ok(Some(IfMatch::Versions(vec![]))), "{tag}");
        }
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for wrong in ["7", "\"7", "", "\"7\" \"8\"", "*, \"7\""] {
            assert_eq!(asked(wrong), Err("invalid_if_match"), "{wrong}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let etag = Etag {
            version: 7,
            revision: 2,
        }
        .to_string();
        assert_eq!(etag, "\"7-2\"");
        assert!(unchanged("\"7-2\"", &etag));
        assert!(unchanged("\"1-0\", W/\"7-2\"", &etag));
        assert!(unchanged("*", &etag));
        assert!(unchanged("\"7-2-gz\"", &etag), "a coding of it");
        assert!(!unchanged("\"7-2-x\"", &etag));
        assert!(!unchanged("\"7-20\"", &etag));
        assert!(!unchanged("\"7-1\"", &etag));
        assert!(!unchanged("7-2", &etag));
    }
}
