//! Keys, as the API tells them.

use crate::layout::badge;
use maud::Markup;
use serde::Deserialize;
use time::OffsetDateTime;

/// A key, without what it is called by.
#[derive(Debug, Deserialize)]
pub struct Key {
    /// Its id: the actor of what it leads to.
    pub id: String,
    /// For people.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// What it is for; none: everything.
    pub scopes: Option<Vec<String>>,
    /// The only platform that it has to do with.
    pub platform: Option<String>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it ends.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When it was used last.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was revoked.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub revoked_at: Option<OffsetDateTime>,
}

/// A key with what is told once.
#[derive(Deserialize)]
pub struct WithSecret {
    /// For people.
    pub name: String,
    /// The key itself.
    pub secret: String,
}

impl Key {
    /// Whether it may be used.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }

    /// Whether it may be used, in a word.
    pub fn badge(&self, now: OffsetDateTime) -> Markup {
        if self.revoked_at.is_some() {
            badge("revoked", "bad")
        } else if self.is_live(now) {
            badge("valid", "good")
        } else {
            badge("ended", "warm")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use time::macros::datetime;

    fn key(expires: &Value, revoked: &Value) -> Key {
        serde_json::from_value(json!({
            "id": "key_1", "name": "web shop", "prefix": "k3v9w2xq", "scopes": null,
            "platform": null, "created_at": "2026-01-01T00:00:00Z", "created_by": null,
            "expires_at": expires, "last_used_at": null, "revoked_at": revoked,
            "revoked_by": null,
        }))
        .expect("a key")
    }

    #[test]
    fn a_key_ends_by_itself_or_by_somebody() {
        let now = datetime!(2026-01-31 12:00 UTC);
        assert!(key(&Value::Null, &Value::Null).is_live(now));
        assert!(key(&json!("2026-02-01T00:00:00Z"), &Value::Null).is_live(now));
        assert!(!key(&json!("2026-01-31T00:00:00Z"), &Value::Null).is_live(now));
        let revoked = key(&Value::Null, &json!("2026-01-02T00:00:00Z"));
        assert!(!revoked.is_live(now));
        assert!(revoked.badge(now).into_string().contains("revoked"));
    }
}
