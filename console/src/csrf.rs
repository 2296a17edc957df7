//! Forms that are ours: of this site, and of the session that they are sent in.

use crate::{Failure, Visit};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use futures_util::future::LocalBoxFuture;
use subtle::ConstantTimeEq as _;

/// The field that every form has.
pub const FIELD: &str = "csrf";
/// The field of forms that lead to commands: the command's idempotency key, made when
/// the form was rendered.
pub const ONCE: &str = "once";
/// Bytes of a form.
pub const LONGEST_FORM: usize = 128 << 10;

/// The fields of a form, as they were filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

/// A form that was sent by whoever is signed in. A handler that takes one is closed to
/// forms of other sites and other sessions.
///
/// # Errors
/// Nobody is signed in; 403 where the form is not of this session; 400 where it cannot
/// be read.
pub struct Posted {
    /// Who has sent it.
    pub visit: Visit,
    /// What is in it.
    pub fields: Fields,
}

impl Fields {
    /// Of these pairs.
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// What somebody might have filled in.
    #[cfg(test)]
    pub fn filled_in(pairs: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self(pairs.iter().map(owned).collect())
    }

    /// Every pair.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// What a field holds, without blanks around it; none where that is nothing.
    pub fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.all(name);
        values.next()
    }

    /// The same of a field that has to be filled in.
    ///
    /// # Errors
    /// 400 where it is not; `called` is its name on the page.
    pub fn required(&self, name: &str, called: &str) -> Result<&str, Failure> {
        let missing = || Failure::Form(format!("{called} has to be filled in"));
        self.one(name).ok_or_else(missing)
    }

    /// Everything that fields of this name hold.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let name = name.to_owned();
        let values = self.0.iter().filter(move |(own, _)| *own == name);
        values
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// A number; none where the field is empty.
    ///
    /// # Errors
    /// 400 where it is something else.
    pub fn number(&self, name: &str, called: &str) -> Result<Option<i64>, Failure> {
        let Some(text) = self.one(name) else {
            return Ok(None);
        };
        let wrong = |_| Failure::Form(format!("{called} has to be a number"));
        text.parse().map(Some).map_err(wrong)
    }

    /// The idempotency key that the form was rendered with ([`Visit::form`]).
    ///
    /// # Errors
    /// 400 where it has none.
    pub fn once(&self) -> Result<&str, Failure> {
        self.one(ONCE)
            .ok_or_else(|| Failure::Form("the form has no idempotency key".to_owned()))
    }
}

/// Whether a browser says that a form comes from a page of ours. Others than browsers
/// say nothing, and carry no cookies that they were not given.
pub fn same_origin(request: &HttpRequest) -> bool {
    let text = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text("origin") else {
        return true;
    };
    let host = request.connection_info().host().to_owned();
    origin
        .split_once("://")
        .is_some_and(|(_, from)| from == host)
}

/// Holds a token against the session's, for what sends no fields, such as a file that
/// is uploaded.
///
/// # Errors
/// 403 where it is another one.
pub fn check(visit: &Visit, token: &str) -> Result<(), Failure> {
    let own = visit.session.csrf.as_bytes();
    if bool::from(own.ct_eq(token.as_bytes())) {
        Ok(())
    } else {
        Err(Failure::Forged)
    }
}

impl FromRequest for Posted {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let visit = Visit::of(&request)?;
            if !same_origin(&request) {
                return Err(Failure::Forged);
            }
            let form = web::Form::<Vec<(String, String)>>::from_request(&request, &mut payload);
            let form = form
                .await
                .map_err(|error| Failure::Form(error.to_string()))?;
            let fields = Fields::new(form.into_inner());
            check(&visit, fields.one(FIELD).unwrap_or_default())?;
            Ok(Self { visit, fields })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn from(headers: &[(&'static str, &'static str)]) -> bool {
        let request = TestRequest::default().insert_header(("host", "orders.example:8080"));
        let request = headers
            .iter()
            .fold(request, |request, header| request.insert_header(*header));
        same_origin(&request.to_http_request())
    }

    #[test]
    fn forms_of_other_sites_are_not_ours() {
        assert!(from(&[]));
        assert!(from(&[("sec-fetch-site", "same-origin")]));
        assert!(from(&[("origin", "http://orders.example:8080")]));
        assert!(!from(&[("sec-fetch-site", "cross-site")]));
        assert!(!from(&[("sec-fetch-site", "same-site")]));
        assert!(!from(&[("origin", "http://orders.example")]));
        assert!(!from(&[("origin", "null")]));
    }

    #[test]
    fn a_field_without_anything_is_none() {
        let pairs = [("a", " x "), ("b", "  "), ("a", "y")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let fields = Fields::new(pairs.to_vec());
        assert_eq!((fields.one("a"), fields.one("b")), (Some("x"), None));
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["x", "y"]);
        assert!(fields.required("b", "B").is_err());
        assert!(fields.number("a", "A").is_err());
    }
}
