//! What a list of customers is asked for.

use super::ListedCustomer;
use crate::{
    consistency::Consistency,
    cursor::{Cursors, Keyset, QueryHash},
    fields::{Fields, Shape},
    filters::{Allowed, CUSTOMER, Filters, LAST_ORDER, PLATFORM, Words},
    paging,
};
use actix_web::HttpRequest;
use infra::http::{Problem, Query, query::invalid};
use std::sync::LazyLock;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &[
    "platform",
    "customer",
    "email",
    "q",
    "last_order_from",
    "last_order_to",
    "sort",
    "fields",
    "limit",
    "cursor",
    "min_position",
];

const ALLOWED: Allowed = Allowed {
    choices: &[PLATFORM, CUSTOMER],
    times: &[LAST_ORDER],
    ..Allowed::NOTHING
};

/// Name of the parameter.
const EMAIL: &str = "email";
/// Most characters of it.
const LONGEST: usize = 255;

/// Its fields.
static SHAPE: LazyLock<Shape> = LazyLock::new(Shape::of::<ListedCustomer>);

/// Customers by the times of their last orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// From the newest down.
    Newest,
    /// From the oldest up.
    Oldest,
}

impl Sort {
    const ALL: [Self; 2] = [Self::Newest, Self::Oldest];

    const fn name(self) -> &'static str {
        match self {
            Self::Newest => "-last_order_at",
            Self::Oldest => "last_order_at",
        }
    }
}

/// A list, as asked for.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// Whose, and when they ordered last.
    pub filters: Filters,
    /// Their email, in lower case.
    pub email: Option<String>,
    /// What they are called.
    pub words: Option<Words>,
    /// In which order.
    pub sort: Sort,
    /// What of each.
    pub fields: Option<Fields>,
    /// How many, 1 to 200.
    pub limit: usize,
    /// The last order of the last one of the page before; none: it is the first one.
    pub after: Option<Keyset>,
    /// How fresh.
    pub consistency: Consistency,
}

impl ListRequest {
    /// Reads the parameters of a request.
    pub async fn of(
        request: &HttpRequest,
        query: &Query,
        cursors: &Cursors,
    ) -> Result<Self, Problem> {
        let mut list = Self::first_page(request, query)?;
        if let Some(cursor) = query.one("cursor")? {
            list.after = Some(cursors.open(list.hash(), cursor).await?.keyset);
        }
        Ok(list)
    }

    /// The same, without a cursor.
    pub fn first_page(request: &HttpRequest, query: &Query) -> Result<Self, Problem> {
        let sort = query.one_of("sort", &Sort::ALL, Sort::name)?;
        Ok(Self {
            filters: Filters::of(query, &ALLOWED)?,
            email: email(query)?,
            words: Words::of(query)?,
            sort: sort.unwrap_or(Sort::Newest),
            fields: Fields::of(query, &SHAPE)?,
            limit: paging::limit(query)?,
            after: None,
            consistency: Consistency::of(request, query)?,
        })
    }

    /// Which customers, in which order, as text: the same for the same.
    fn chosen(&self) -> String {
        let filters = self.filters.canonical();
        // None of them has a control character.
        let email = self.email.as_ref();
        let email = email.map(|email| format!("{EMAIL}={email}\n"));
        let words = self.words.as_ref().map(Words::canonical);
        let (email, words) = (email.unwrap_or_default(), words.unwrap_or_default());
        let sort = self.sort.name();
        format!("customers\n{filters}{email}{words}sort={sort}\n")
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
        format!("{chosen}{fields}{}\n{:?}", self.limit, self.after)
    }

    /// Whether it asks for something that orders are looked up by first.
    pub const fn is_searched(&self) -> bool {
        self.email.is_some() || self.words.is_some()
    }
}

/// The parameter `email`, as emails are stored.
fn email(query: &Query) -> Result<Option<String>, Problem> {
    let Some(email) = query.one(EMAIL)? else {
        return Ok(None);
    };
    let email = email.trim().to_lowercase();
    if email.is_empty() {
        return Err(invalid(EMAIL, "may not be empty"));
    }
    if email.chars().count() > LONGEST || email.chars().any(char::is_control) {
        let detail = format!("must be at most {LONGEST} characters without control characters");
        return Err(invalid(EMAIL, detail));
    }
    Ok(Some(email))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn list(text: &str) -> Result<ListRequest, String> {
        let request = TestRequest::with_uri(&format!("/?{text}")).to_http_request();
        let query = Query::of(&request, PARAMETERS).map_err(|p| p.to_string())?;
        ListRequest::first_page(&request, &query).map_err(|p| p.to_string())
    }

    #[test]
    fn an_email_is_compared_as_it_is_stored() {
        let email = |text| list(text).expect("valid").email;
        let stored = Some("ada@example.com".to_owned());
        assert_eq!(email("email=%20Ada@EXAMPLE.com"), stored);
        assert_eq!(email(""), None);
    }

    #[test]
    fn the_newest_come_first_unless_it_is_said() {
        let sort = |text| list(text).expect("valid").sort;
        assert_eq!(sort(""), Sort::Newest);
        assert_eq!(sort("sort=-last_order_at"), Sort::Newest);
        assert_eq!(sort("sort=last_order_at"), Sort::Oldest);
    }

    #[test]
    fn wrong_values_are_refused_with_what_is_allowed() {
        let long = format!("email={}", "x".repeat(LONGEST + 1));
        for (query, reason) in [
            ("archived=true", "not known"),
            ("sort=name", "must be one of -last_order_at, last_order_at"),
            ("email=%20", "may not be empty"),
            ("email=a%00", "control characters"),
            (&*long, "at most 255 characters"),
            ("q=%25", "1 to 10 words"),
            ("fields=addresses", "has no addresses"),
            ("limit=0", "from 1 to 200"),
            (
                "last_order_from=2026-02-01&last_order_to=2026-01-01",
                "must not be before last_order_from",
            ),
        ] {
            let error = list(query).err().unwrap_or_default();
            assert!(error.contains(reason), "{query}: {error}");
        }
    }

    #[test]
    fn cursors_belong_to_what_was_asked_for() {
        let hash = |query: &str| list(query).expect(query).hash();
        let base = hash("platform=web&email=ada@example.com");
        assert!(base == hash("email=Ada@example.com&platform=web&limit=7&fields=id"));
        for other in [
            "platform=web",
            "email=ada@example.com",
            "platform=web&email=ada@example.com&sort=last_order_at",
            "platform=web&q=ada@example.com",
            "customer=web&email=ada@example.com",
        ] {
            assert!(base != hash(other), "{other}");
        }
    }

    #[test]
    fn the_answer_depends_on_more_than_that() {
        let canonical = |query: &str| list(query).expect(query).canonical();
        assert_ne!(canonical(""), canonical("limit=7"));
        assert_ne!(canonical(""), canonical("fields=id"));
    }
}
