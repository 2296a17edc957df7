//! A session as it is sealed.

use super::Session;
use infra::{api_keys::Scopes, http::Principal, secret::Secret};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

#[derive(Serialize, Deserialize)]
pub struct Stored {
    key: String,
    id: String,
    name: String,
    scopes: Option<Vec<String>>,
    platform: Option<String>,
    /// Seconds since 1970.
    key_ends: Option<i64>,
    csrf: String,
    /// Seconds since 1970.
    ends: i64,
}

impl Stored {
    pub fn of(session: &Session) -> Self {
        let principal = &session.principal;
        Self {
            key: session.key.reveal().to_owned(),
            id: principal.id.clone(),
            name: principal.name.clone(),
            scopes: principal.scopes.named().map(<[String]>::to_vec),
            platform: principal.platform.as_deref().map(str::to_owned),
            key_ends: principal.ends.map(OffsetDateTime::unix_timestamp),
            csrf: session.csrf.clone(),
            ends: session.ends.unix_timestamp(),
        }
    }

    /// The session that this was; none where a release of ours never stored it so.
    pub fn session(self) -> Option<Session> {
        let moment = |seconds| OffsetDateTime::from_unix_timestamp(seconds).ok();
        Some(Session {
            principal: Principal {
                id: self.id,
                name: self.name,
                scopes: Scopes::new(self.scopes),
                platform: self.platform.map(Into::into),
                ends: self.key_ends.and_then(moment),
            },
            key: Secret::new(self.key),
            csrf: self.csrf,
            ends: moment(self.ends)?,
        })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        // Text and numbers have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
