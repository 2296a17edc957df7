//! Pages of a list: `{"data": […], "has_more": …, "next_cursor": …}`, and a
//! `Link` to the next one, and to the one before where there is one (RFC 8288).

use crate::cursor::{Cursors, Keyset, Place, QueryHash};
use actix_web::{HttpRequest, web::Bytes};
use infra::http::{Problem, Query, query::invalid};
use uuid::Uuid;

/// Rows of a page where the client does not say.
const DEFAULT_LIMIT: u8 = 50;
/// Most rows of a page.
const MOST: u8 = 200;

/// The parameter `limit`.
///
/// # Errors
/// 400 outside 1 to 200.
pub fn limit(query: &Query) -> Result<usize, Problem> {
    let expected = format!("a number from 1 to {MOST}");
    let limit = query.parsed::<u8>("limit", &expected)?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if (1..=MOST).contains(&limit) {
        Ok(limit.into())
    } else {
        Err(invalid("limit", format!("must be {expected}")))
    }
}

/// Whether a page has the size that it has unless another one is asked for.
pub fn is_usual(limit: usize) -> bool {
    limit == usize::from(DEFAULT_LIMIT)
}

/// What a statement has to fetch, to know whether there is more.
pub fn one_more(limit: usize) -> i64 {
    i64::try_from(limit + 1).unwrap_or(i64::MAX)
}

/// A page of what is listed by ids, as a request asks for it.
pub struct ById<'a> {
    cursors: &'a Cursors,
    query: QueryHash,
    limit: usize,
    /// The last id of the page before it; none: it is the first page.
    pub after: Option<Uuid>,
}

impl<'a> ById<'a> {
    /// The page of so many rows. `listed` says of what, by which filters: cursors of
    /// another list are none of this one.
    ///
    /// # Errors
    /// 400 for such a cursor.
    pub async fn of(
        cursors: &'a Cursors,
        query: &Query,
        limit: usize,
        listed: &str,
    ) -> Result<Self, Problem> {
        let hash = QueryHash::of(listed);
        let after = match query.one("cursor")? {
            Some(cursor) => Some(cursors.open(hash, cursor).await?.keyset.id),
            None => None,
        };
        Ok(Self {
            cursors,
            query: hash,
            limit,
            after,
        })
    }

    /// What a statement has to fetch, to know whether there is more.
    pub fn one_more(&self) -> i64 {
        one_more(self.limit)
    }

    /// Cuts rows, one more than the page has, to the page; the cursor of what comes
    /// after it, where there is more.
    ///
    /// # Errors
    /// The database's, or where no cursor can be made.
    pub async fn cut<T>(
        &self,
        rows: Result<Vec<T>, sqlx::Error>,
        id: impl Fn(&T) -> Uuid,
    ) -> Result<(Vec<T>, Option<String>), Problem> {
        let mut rows = rows.map_err(|error| Problem::database(&error))?;
        let has_more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let Some(last) = rows.last().filter(|_| has_more) else {
            return Ok((rows, None));
        };
        let last = Keyset {
            value: 0,
            id: id(last),
        };
        let next = self.cursors.seal(self.query, Place::after(last)).await?;
        Ok((rows, Some(next)))
    }
}

/// The body of a list, put together of rows that are JSON already.
pub fn body<'a>(rows: impl Iterator<Item = &'a str>, next_cursor: Option<&str>) -> Bytes {
    body_with(rows, next_cursor, "{}")
}

/// The same, and the members of a further JSON object.
pub fn body_with<'a>(
    rows: impl Iterator<Item = &'a str>,
    next_cursor: Option<&str>,
    members: &str,
) -> Bytes {
    let mut body = Vec::with_capacity(64 * 1024);
    body.extend_from_slice(b"{\"data\":[");
    for (index, row) in rows.enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(row.as_bytes());
    }
    match next_cursor {
        // Base64url: nothing to escape.
        Some(cursor) => {
            body.extend_from_slice(b"],\"has_more\":true,\"next_cursor\":\"");
            body.extend_from_slice(cursor.as_bytes());
            body.push(b'"');
        }
        None => body.extend_from_slice(b"],\"has_more\":false,\"next_cursor\":null"),
    }
    let members = members.strip_prefix('{').and_then(|m| m.strip_suffix('}'));
    if let Some(members) = members.filter(|members| !members.is_empty()) {
        body.push(b',');
        body.extend_from_slice(members.as_bytes());
    }
    body.push(b'}');
    body.into()
}

/// The value of `Link`: the same request with the next cursor.
pub fn link(request: &HttpRequest, next_cursor: &str) -> String {
    linked(request, "next", next_cursor)
}

/// The value of `Link` of a list that can be read both ways: the same request
/// with the next cursor, and with that of the page before. None without any.
pub fn links(request: &HttpRequest, next: Option<&str>, prev: Option<&str>) -> Option<String> {
    let links = [("next", next), ("prev", prev)].into_iter();
    let links = links.filter_map(|(rel, cursor)| Some(linked(request, rel, cursor?)));
    let links: Vec<_> = links.collect();
    (!links.is_empty()).then(|| links.join(", "))
}

fn linked(request: &HttpRequest, rel: &str, cursor: &str) -> String {
    let kept = request.query_string().split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !name.is_empty() && name != "cursor" && name != "after"
    });
    let mut query: Vec<_> = kept.map(str::to_owned).collect();
    query.push(format!("cursor={cursor}"));
    format!("<{}?{}>; rel=\"{rel}\"", request.path(), query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn bodies_are_json() {
        assert_eq!(
            body(["{\"a\":1}", "2"].into_iter(), Some("xyz")),
            "{\"data\":[{\"a\":1},2],\"has_more\":true,\"next_cursor\":\"xyz\"}"
        );
        assert_eq!(
            body_with(["1"].into_iter(), None, "{\"facets\":{\"a\":{}}}"),
            "{\"data\":[1],\"has_more\":false,\"next_cursor\":null,\"facets\":{\"a\":{}}}"
        );
        let empty = body(std::iter::empty(), None);
        assert_eq!(
            empty,
            "{\"data\":[],\"has_more\":false,\"next_cursor\":null}"
        );
    }

    #[test]
    fn the_link_keeps_everything_but_the_cursor() {
        let request = TestRequest::with_uri("/v1/orders?status=placed&cursor=old&limit=5");
        let request = request.to_http_request();
        assert_eq!(
            link(&request, "new"),
            "</v1/orders?status=placed&limit=5&cursor=new>; rel=\"next\""
        );
        assert_eq!(
            links(&request, Some("n"), Some("p")).as_deref(),
            Some(
                "</v1/orders?status=placed&limit=5&cursor=n>; rel=\"next\", \
                 </v1/orders?status=placed&limit=5&cursor=p>; rel=\"prev\""
            )
        );
        assert_eq!(links(&request, None, None), None);
    }
}
