//! Who is signed in: an API key, sealed in a cookie that scripts cannot read. Nothing
//! is kept here.

pub mod arrival;
mod back;
mod notice;
mod sign_in;
mod stored;

pub use back::Back;
pub use notice::{Kind, Notice};
pub use sign_in::{SIGN_IN, SIGN_OUT, add, routes, see};

use crate::{ConsoleError, Failure, ROOT, failure::SignedOut, mount::console_of};
use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
    dev::Payload,
};
use infra::{
    clock,
    config::Config,
    http::{Principal, access},
    sealing::{CryptoError, TokenKey},
    secret::Secret,
};
use std::{
    future::{Ready, ready},
    sync::Arc,
};
use stored::Stored;
use time::OffsetDateTime;

/// The cookie of the session.
pub const COOKIE: &str = "orderlog_console";
/// How long a session lasts, unless its key ends before.
const SESSION: Duration = Duration::hours(12);

/// Seals and opens sessions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sessions {
    key: Arc<TokenKey>,
    /// Whether browsers reach the console by HTTPS only.
    secure: bool,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// Whose key it is, and what it is for.
    pub principal: Principal,
    /// The key itself.
    pub key: Secret,
    /// What their forms have to hold.
    pub csrf: String,
    /// When it ends.
    pub ends: OffsetDateTime,
}

impl Session {
    /// A new one, of whoever has this key.
    pub fn begin(principal: Principal, key: Secret) -> Self {
        let longest = clock::now() + SESSION;
        let ends = principal.ends.map_or(longest, |end| end.min(longest));
        Self {
            principal,
            key,
            csrf: infra::hex::hex(&rand::random::<[u8; 16]>()),
            ends,
        }
    }

    /// That of whoever has sent a request.
    ///
    /// # Errors
    /// Nobody is signed in.
    pub fn of(request: &HttpRequest) -> Result<Self, Failure> {
        let console = console_of(request).ok_or(Failure::Starting)?;
        let session = console.sessions.session(request);
        session.ok_or(Failure::SignedOut(SignedOut::NoSession))
    }

    /// Whether the API would let them do this: `method` on the route with this pattern,
    /// such as `/v1/orders/{id}/notes`. Only what it lets them do is offered; it decides
    /// itself all the same.
    pub fn may(&self, method: &str, route: &str) -> bool {
        access::check(&self.principal, method, route).is_ok()
    }
}

impl Sessions {
    /// With the key of the configuration, or one of this process.
    ///
    /// # Errors
    /// The key cannot be had.
    pub fn of(config: &Config) -> Result<Self, ConsoleError> {
        let file = &config.console_key_file;
        let key = if file.as_os_str().is_empty() {
            TokenKey::random()?
        } else {
            TokenKey::of_file(file)?
        };
        let tls = !config.tls_certificate_file.is_empty();
        Ok(Self {
            key: Arc::new(key),
            secure: tls || config.public_url.starts_with("https://"),
        })
    }

    /// The cookie of a session; none where the key is too long for one.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn cookie(&self, session: &Session) -> Result<Option<Cookie<'static>>, CryptoError> {
        let plain = Stored::of(session).to_bytes();
        let sealed = self.key.seal(COOKIE.as_bytes(), &plain)?;
        let lasts = session.ends - clock::now();
        Ok((sealed.len() <= LONGEST).then(|| self.kept(COOKIE, sealed, lasts)))
    }

    /// The session that a request comes with; none where it has none that holds.
    pub fn session(&self, request: &HttpRequest) -> Option<Session> {
        let cookie = self.sent(request, COOKIE)?;
        let plain = self.key.open(COOKIE.as_bytes(), cookie.value())?;
        let session = Stored::from_bytes(&plain)?.session()?;
        (clock::now() < session.ends).then_some(session)
    }

    /// What a cookie is called. By HTTPS its name says that this very host has set it
    /// (RFC 6265bis, `__Host-`): another one of the same domain could give a browser a
    /// session of somebody else.
    fn called(&self, name: &str) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        format!("{prefix}{name}")
    }

    /// A cookie of ours that a request comes with.
    fn sent(&self, request: &HttpRequest, name: &str) -> Option<Cookie<'static>> {
        request.cookie(&self.called(name))
    }

    /// A cookie of ours: for this site, out of reach of scripts, and below the console
    /// alone, unless its name wants it to be for the whole host.
    fn kept(&self, name: &str, value: String, lasts: Duration) -> Cookie<'static> {
        Cookie::build(self.called(name), value)
            .path(if self.secure { "/" } else { ROOT })
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.secure)
            .max_age(lasts)
            .finish()
    }

    /// Takes a cookie back.
    fn gone(&self, name: &str) -> Cookie<'static> {
        self.kept(name, String::new(), Duration::ZERO)
    }

    /// Takes the session back.
    pub fn ended(&self) -> Cookie<'static> {
        self.gone(COOKIE)
    }

    /// Takes all of them back, as whoever signs in next may be somebody else.
    pub fn all_gone(&self) -> [Cookie<'static>; 3] {
        [self.ended(), self.went_back(), self.notice_said()]
    }
}

/// Browsers keep cookies of 4096 bytes with all that belongs to them.
const LONGEST: usize = 3_800;

impl actix_web::FromRequest for Session {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn session(ends: Option<OffsetDateTime>) -> Session {
        let principal = Principal {
            ends,
            ..Principal::for_everything("key_1")
        };
        Session::begin(principal, Secret::new("ol_secret"))
    }

    #[test]
    fn a_session_comes_back_from_its_cookie_and_shows_no_key() {
        let sessions = Sessions::of(&Config::default()).expect("a key");
        let begun = session(None);
        let cookie = sessions.cookie(&begun).expect("sealed").expect("short");
        assert!(!cookie.value().contains("ol_secret"));
        assert_eq!(cookie.http_only(), Some(true));
        assert_eq!(cookie.same_site(), Some(SameSite::Strict));
        assert_eq!(
            (cookie.path(), cookie.secure()),
            (Some("/console"), Some(false))
        );
        let request = TestRequest::default().cookie(cookie).to_http_request();
        let found = sessions.session(&request).expect("a session");
        assert_eq!(found.key.reveal(), "ol_secret");
        assert_eq!(found.csrf, begun.csrf);
        assert_eq!(found.principal.id, "key_1");
        let others = Sessions::of(&Config::default()).expect("a key");
        assert!(others.session(&request).is_none(), "another key");
    }

    #[test]
    fn a_session_ends_with_its_key() {
        let sessions = Sessions::of(&Config::default()).expect("a key");
        let over = session(Some(clock::now() - Duration::SECOND));
        let cookie = sessions.cookie(&over).expect("sealed").expect("short");
        let request = TestRequest::default().cookie(cookie).to_http_request();
        assert!(sessions.session(&request).is_none());
    }

    #[test]
    fn behind_https_cookies_are_for_https_alone() {
        let config = Config {
            public_url: "https://orders.example".into(),
            ..Config::default()
        };
        let sessions = Sessions::of(&config).expect("a key");
        let cookie = sessions.cookie(&session(None)).expect("sealed");
        let cookie = cookie.expect("short");
        assert_eq!(
            (cookie.name(), cookie.path(), cookie.domain()),
            ("__Host-orderlog_console", Some("/"), None)
        );
        assert_eq!(cookie.secure(), Some(true));
        assert_eq!(sessions.ended().name(), cookie.name());
        let plain = Cookie::new(COOKIE, cookie.value().to_owned());
        let own = TestRequest::default().cookie(cookie).to_http_request();
        assert!(sessions.session(&own).is_some());
        let others = TestRequest::default().cookie(plain).to_http_request();
        assert!(sessions.session(&others).is_none(), "any host may set it");
    }
}
