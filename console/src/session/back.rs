//! The page that was asked for before signing in. It is kept in a cookie, as what was
//! searched for stands in it.

use super::Sessions;
use crate::ROOT;
use actix_web::{
    HttpRequest,
    cookie::{Cookie, time::Duration},
    http::uri::PathAndQuery,
};

const COOKIE: &str = "orderlog_console_back";
const LASTS: Duration = Duration::minutes(30);
const LONGEST: usize = 2_000;

/// A page of the console to go back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Back(String);

impl Back {
    /// The page that a request was for.
    pub fn of(request: &HttpRequest) -> Self {
        let uri = request.uri();
        let path = uri.path_and_query().map_or(ROOT, PathAndQuery::as_str);
        Self::read(path).unwrap_or_default()
    }

    /// A path of ours; none where it leads elsewhere.
    fn read(path: &str) -> Option<Self> {
        let rest = path.strip_prefix(ROOT)?;
        let ours = rest.is_empty() || rest.starts_with(['/', '?']);
        let plain = path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        (ours && plain && path.len() <= LONGEST).then(|| Self(path.to_owned()))
    }

    /// The path, with its query.
    pub fn path(&self) -> &str {
        &self.0
    }
}

impl Default for Back {
    fn default() -> Self {
        Self(ROOT.to_owned())
    }
}

impl Sessions {
    /// Keeps a page to go back to.
    pub fn keep_back(&self, back: &Back) -> Option<Cookie<'static>> {
        let sealed = self.key.seal(COOKIE.as_bytes(), back.0.as_bytes()).ok()?;
        Some(self.kept(COOKIE, sealed, LASTS))
    }

    /// The page to go back to.
    pub fn back(&self, request: &HttpRequest) -> Back {
        let kept = self.sent(request, COOKIE);
        let plain = kept.and_then(|kept| self.key.open(COOKIE.as_bytes(), kept.value()));
        let path = plain.and_then(|plain| String::from_utf8(plain).ok());
        path.and_then(|path| Back::read(&path)).unwrap_or_default()
    }

    /// Takes it back: it was gone to.
    pub fn went_back(&self) -> Cookie<'static> {
        self.gone(COOKIE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for ours in ["/console", "/console/orders?q=a%20b", "/console?x=1"] {
            assert_eq!(Back::read(ours).expect("ours").path(), ours);
        }
        for elsewhere in [
            "//evil",
            "/consoles",
            "/console\\evil",
            "/v1/orders",
            "/console/a\nb",
        ] {
            assert_eq!(Back::read(elsewhere), None, "{elsewhere}");
        }
    }
}
