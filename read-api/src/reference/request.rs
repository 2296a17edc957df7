//! What a list is asked for.

use super::kind::Kind;
use crate::{
    consistency::Consistency,
    cursor::{Cursors, QueryHash},
    fields::Fields,
    filters::{Allowed, Filters, Text, UPDATED},
    paging,
};
use actix_web::HttpRequest;
use infra::http::{Problem, Query, query::invalid};
use utoipa::IntoParams;

/// Parameters of a list.
pub const LISTED: &[&str] = &[
    "archived",
    "updated_from",
    "updated_to",
    "fields",
    "limit",
    "cursor",
    "min_position",
];

/// Those of one that is searched.
pub const SEARCHED: &[&str] = &[
    "archived",
    "updated_from",
    "updated_to",
    "q",
    "sku",
    "fields",
    "limit",
    "cursor",
    "min_position",
];

/// Most keys that a list may name.
const MOST_KEYS: usize = 100;
/// Longest key.
const LONGEST: usize = 255;

const ALLOWED: Allowed = Allowed {
    times: &[UPDATED],
    ..Allowed::NOTHING
};

/// Which of them by whether they are archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archived {
    /// Those that are not.
    Left,
    /// Those that are.
    Only,
    /// Both.
    Any,
}

impl Archived {
    const ALL: [Self; 3] = [Self::Left, Self::Only, Self::Any];

    const fn name(self) -> &'static str {
        match self {
            Self::Left => "false",
            Self::Only => "true",
            Self::Any => "any",
        }
    }

    /// As SQL; none: all of them.
    pub const fn condition(self) -> Option<&'static str> {
        match self {
            Self::Left => Some("NOT archived"),
            Self::Only => Some("archived"),
            Self::Any => None,
        }
    }

    /// Whether one that is, or is not, archived is among them.
    pub const fn takes(self, archived: bool) -> bool {
        match self {
            Self::Left => !archived,
            Self::Only => archived,
            Self::Any => true,
        }
    }
}

/// A list, as asked for.
pub struct ListRequest {
    /// Of what.
    pub kind: &'static Kind,
    /// Which of them.
    pub archived: Archived,
    /// Last changed when.
    pub filters: Filters,
    /// What they are called.
    pub text: Option<Text>,
    /// Only those with these keys: sorted, each once.
    pub keys: Option<Vec<String>>,
    /// What of each.
    pub fields: Option<Fields>,
    /// How many, 1 to 200.
    pub limit: usize,
    /// The last key of the page before; none: it is the first one.
    pub after: Option<String>,
    /// How fresh.
    pub consistency: Consistency,
}

impl ListRequest {
    /// Reads the parameters of a request.
    pub async fn of(
        kind: &'static Kind,
        request: &HttpRequest,
        cursors: &Cursors,
    ) -> Result<Self, Problem> {
        let mut list = Self::first_page(kind, request)?;
        if let Some(cursor) = Query::of(request, Self::parameters(kind))?.one("cursor")? {
            list.after = Some(cursors.open_key(list.hash(), cursor).await?);
        }
        Ok(list)
    }

    const fn parameters(kind: &Kind) -> &'static [&'static str] {
        if kind.keys.is_some() {
            SEARCHED
        } else {
            LISTED
        }
    }

    /// The same, without a cursor.
    pub fn first_page(kind: &'static Kind, request: &HttpRequest) -> Result<Self, Problem> {
        let query = Query::of(request, Self::parameters(kind))?;
        let archived = query.one_of("archived", &Archived::ALL, Archived::name)?;
        let (mut text, mut keys) = (None, None);
        if let Some(parameter) = kind.keys {
            (text, keys) = (Text::of(&query)?, named(&query, parameter)?);
        }
        Ok(Self {
            kind,
            archived: archived.unwrap_or(Archived::Left),
            filters: Filters::of(&query, &ALLOWED)?,
            text,
            keys,
            fields: Fields::of(&query, &kind.shape)?,
            limit: paging::limit(&query)?,
            after: None,
            consistency: Consistency::of(request, &query)?,
        })
    }

    /// Which of them, as text: the same for the same.
    fn chosen(&self) -> String {
        let (name, archived) = (self.kind.model.name, self.archived.name());
        let (filters, text) = (self.filters.canonical(), self.text.as_ref());
        let text = text.map(Text::canonical).unwrap_or_default();
        // None of them has a control character.
        let keys = self.keys.as_ref().map(|keys| keys.join("\u{1f}"));
        let keys = keys.map_or_else(String::new, |keys| format!("keys={keys}\n"));
        format!("{name}\narchived={archived}\n{filters}{text}{keys}")
    }

    /// What a cursor of this list belongs to: not its limit, which may change from
    /// page to page.
    pub fn hash(&self) -> QueryHash {
        QueryHash::of(&self.chosen())
    }

    /// Everything that decides what the answer is.
    pub fn canonical(&self) -> String {
        let fields = self.fields.as_ref().map(Fields::canonical);
        let (chosen, fields) = (self.chosen(), fields.unwrap_or_default());
        let (limit, after) = (self.limit, self.after.as_deref().unwrap_or_default());
        format!("{chosen}{fields}{limit}\n{after}")
    }

    /// The keys of those that may come from the cache, where nothing else chooses:
    /// the next ones behind the cursor.
    pub fn cached_keys(&self) -> Option<&[String]> {
        let keys = self.keys.as_deref()?;
        let plain = self.text.is_none() && self.filters.is_empty();
        if !plain || self.consistency.is_asked_for() {
            return None;
        }
        let passed = keys.partition_point(|key| Some(key) <= self.after.as_ref());
        Some(&keys[passed..])
    }
}

/// The keys that a parameter names.
fn named(query: &Query, parameter: &str) -> Result<Option<Vec<String>>, Problem> {
    let keys = query.repeated(parameter)?;
    if keys.len() > MOST_KEYS {
        let detail = format!("may have at most {MOST_KEYS} values");
        return Err(invalid(parameter, detail));
    }
    let wrong = |key: &&str| key.chars().count() > LONGEST || key.chars().any(char::is_control);
    if keys.iter().any(wrong) {
        let detail = format!("must be at most {LONGEST} characters without control characters");
        return Err(invalid(parameter, detail));
    }
    let keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
    Ok((!keys.is_empty()).then_some(keys))
}

/// The parameters that choose, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct Chosen {
    /// `false` (if absent): those in use; `true`: those that are archived; `any`: both
    #[param(example = "any")]
    archived: Option<String>,
    /// Last changed at this time or later; RFC 3339, or a date for its first moment in UTC
    #[param(example = "2026-01-01")]
    updated_from: Option<String>,
    /// Last changed before this time
    updated_to: Option<String>,
}

/// Those of what is searched.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct Searched {
    /// Words, in any order: each must begin a word of the title or the SKU. Neither case nor accents count
    #[param(example = "red lamp", max_length = 200)]
    q: Option<String>,
    /// Only products with these SKUs, at most 100; may be repeated. Without `q`, times and `min_position` they may come from a cache, as single products do
    #[param(example = json!(["LAMP-01"]), style = Form, explode)]
    sku: Option<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{PLATFORMS, PRODUCTS};
    use actix_web::test::TestRequest;

    fn list(kind: &'static Kind, query: &str) -> Result<ListRequest, String> {
        let request = TestRequest::with_uri(&format!("/?{query}")).to_http_request();
        ListRequest::first_page(kind, &request).map_err(|problem| problem.to_string())
    }

    #[test]
    fn keys_are_sorted_by_their_bytes_and_go_on_behind_a_cursor() {
        let mut list = list(&PRODUCTS, "sku=b&sku=%C3%A4&sku=B&sku=b&sku=a,1").expect("valid");
        let keys = |list: &ListRequest| list.cached_keys().map(<[_]>::to_vec);
        let all = ["B", "a,1", "b", "ä"].map(str::to_owned);
        assert_eq!(keys(&list), Some(all.to_vec()));
        list.after = Some("a,1".to_owned());
        assert_eq!(keys(&list), Some(all[2..].to_vec()));
        list.after = Some("~".to_owned());
        assert_eq!(keys(&list), Some(all[3..].to_vec()));
    }

    #[test]
    fn what_else_chooses_is_asked_of_the_database() {
        for more in [
            "q=lamp",
            "updated_to=2026-01-01",
            "min_position=b3JkZXJzLmV2ZW50cy52MXwwfDF8MXwx",
        ] {
            let list = list(&PRODUCTS, &format!("sku=a&{more}")).expect(more);
            assert_eq!(list.cached_keys(), None, "{more}");
        }
        assert_eq!(
            list(&PRODUCTS, "").expect("valid").cached_keys(),
            None,
            "all of them"
        );
    }

    #[test]
    fn wrong_values_are_refused_with_what_is_allowed() {
        let many: Vec<_> = (0..=MOST_KEYS).map(|n| format!("sku={n}")).collect();
        let long = format!("sku={}", "x".repeat(LONGEST + 1));
        for (kind, query, reason) in [
            (
                &PLATFORMS,
                "archived=yes",
                "must be one of false, true, any",
            ),
            (&PLATFORMS, "q=web", "not known"),
            (&PLATFORMS, "sku=a", "not known"),
            (&PRODUCTS, &*many.join("&"), "at most 100 values"),
            (&PRODUCTS, &*long, "at most 255 characters"),
            (&PRODUCTS, "sku=%00", "control characters"),
            (&PRODUCTS, "fields=colour", "has no colour"),
        ] {
            let error = list(kind, query).err().unwrap_or_default();
            assert!(error.contains(reason), "{query}: {error}");
        }
    }

    #[test]
    fn cursors_belong_to_what_was_asked_for() {
        let hash = |query: &str| list(&PRODUCTS, query).expect(query).hash();
        let base = hash("sku=a&sku=b");
        assert!(base == hash("sku=b&sku=a&limit=7&fields=sku"));
        for other in ["sku=a", "sku=a,b", "sku=a&sku=b&archived=any", "q=a"] {
            assert!(base != hash(other), "{other}");
        }
    }
}
