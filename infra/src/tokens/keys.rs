//! The provider's keys, as it publishes them.

use super::TokensError;
use crate::tls::Authorities;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{Jwk, KeyAlgorithm, PublicKeyUse},
};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// From when on known keys are asked for again: what the provider has withdrawn is
/// not taken for longer.
const FRESH: Duration = Duration::from_mins(5);
/// For how long known keys are taken while the provider does not answer.
const LONGEST: Duration = Duration::from_hours(1);
/// How often a key that nobody knows has the keys asked for again: anybody can name
/// one.
const UNKNOWN_EACH: Duration = Duration::from_secs(5);
/// How long the provider may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest set that is read, in bytes.
const LARGEST: usize = 1 << 20;

/// The keys are not known, and the provider does not answer.
#[derive(Debug, thiserror::Error)]
pub enum KeysAway {
    /// It was not reached, or did not say that all is well.
    #[error("the keys of tokens cannot be asked for")]
    Away(#[source] reqwest::Error),
    /// It said something else.
    #[error("the keys of tokens are not a JSON Web Key Set")]
    Form(#[source] serde_json::Error),
    /// It said too much.
    #[error("the keys of tokens are more than {LARGEST} bytes")]
    Large,
    /// The process ends.
    #[error("the keys of tokens are no longer asked for")]
    Cancelled(#[source] tokio::task::JoinError),
    /// It was asked a moment ago, in vain.
    #[error("the keys of tokens could not be asked for a moment ago")]
    Lately,
}

/// One key.
#[derive(Clone)]
struct Known {
    id: Option<String>,
    /// The only algorithm that it is for; none: what its kind allows.
    algorithm: Option<KeyAlgorithm>,
    key: DecodingKey,
}

#[derive(Clone, Default)]
struct Keys {
    known: Arc<[Known]>,
    /// When they were learned.
    learned: Option<Instant>,
}

/// The keys of one provider.
pub(super) struct KeySet {
    url: reqwest::Url,
    client: reqwest::Client,
    keys: RwLock<Keys>,
    /// Who asks, and when the last one did.
    asking: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeySet")
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

impl KeySet {
    /// `trusted`: beside the authorities of the machine.
    pub fn new(url: &str, trusted: &Authorities) -> Result<Self, TokensError> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none());
        let client = trusted.trusted_by(client)?.build();
        Ok(Self {
            url: url
                .parse()
                .map_err(|error| TokensError::Url(Box::new(error)))?,
            client: client.map_err(|error| TokensError::Url(Box::new(error)))?,
            keys: RwLock::default(),
            asking: Mutex::default(),
        })
    }

    /// The key of this id, for this algorithm. A provider that has only one key may
    /// do without ids.
    pub async fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<DecodingKey>, KeysAway> {
        let now = self.now();
        let found = now.find(id, algorithm);
        if found.is_some() && now.age().is_some_and(|age| age < FRESH) {
            return Ok(found);
        }
        let lasts = found.is_some() && now.age().is_some_and(|age| age < LONGEST);
        if lasts && self.asking.try_lock().is_err() {
            // Somebody asks already: nobody else has to wait for it.
            return Ok(found);
        }
        match self.learn(&now, found.is_none()).await {
            Ok(()) => Ok(self.now().find(id, algorithm)),
            // What was known a while ago does.
            Err(error) if now.age().is_some_and(|age| age < LONGEST) => {
                tracing::warn!(%error, "jwt.keys_not_asked");
                Ok(found)
            }
            Err(error) => Err(error),
        }
    }

    fn now(&self) -> Keys {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.clone()
    }

    /// Asks for the keys, unless somebody else has done so since `before`, or they
    /// are asked for too often.
    async fn learn(&self, before: &Keys, is_unknown: bool) -> Result<(), KeysAway> {
        let mut asked = self.asking.lock().await;
        let now = self.now();
        if now.learned != before.learned {
            return Ok(());
        }
        if asked.is_some_and(|asked| asked.elapsed() < UNKNOWN_EACH) {
            // Known keys are all that there is to say.
            return if is_unknown && now.age().is_some_and(|age| age < FRESH) {
                Ok(())
            } else {
                Err(KeysAway::Lately)
            };
        }
        // In a task of its own: a request that is given up takes nothing from others.
        let answer = tokio::spawn(ask(self.client.clone(), self.url.clone())).await;
        // From now on, however long it took.
        *asked = Some(Instant::now());
        let keys = Keys {
            known: answer.map_err(KeysAway::Cancelled)??.into(),
            learned: Some(Instant::now()),
        };
        tracing::info!(keys = keys.known.len(), "jwt.keys_learned");
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }
}

async fn ask(client: reqwest::Client, url: reqwest::Url) -> Result<Vec<Known>, KeysAway> {
    let answer = client.get(url).send().await;
    let answer = answer.and_then(reqwest::Response::error_for_status);
    let mut answer = answer.map_err(KeysAway::Away)?;
    let mut text = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(KeysAway::Away)? {
        text.extend_from_slice(&piece);
        if text.len() > LARGEST {
            return Err(KeysAway::Large);
        }
    }
    known(&text).map_err(KeysAway::Form)
}

/// The keys of a set that signatures can be verified with; the rest, for other uses
/// or of kinds that nobody here knows, is left out.
fn known(text: &[u8]) -> Result<Vec<Known>, serde_json::Error> {
    #[derive(serde::Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(text)?;
    let keys = set.keys.into_iter().filter_map(|key| {
        let key: Jwk = serde_json::from_value(key).ok()?;
        let for_signatures = key
            .common
            .public_key_use
            .as_ref()
            .is_none_or(|used| *used == PublicKeyUse::Signature);
        if !for_signatures {
            return None;
        }
        Some(Known {
            key: DecodingKey::from_jwk(&key).ok()?,
            id: key.common.key_id,
            algorithm: key.common.key_algorithm,
        })
    });
    Ok(keys.collect())
}

impl Keys {
    fn age(&self) -> Option<Duration> {
        self.learned.map(|learned| learned.elapsed())
    }

    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        let such = |known: &&Known| {
            let named = match id {
                Some(id) => known.id.as_deref() == Some(id),
                None => self.known.len() == 1,
            };
            named
                && known
                    .algorithm
                    .is_none_or(|own| own.to_string() == format!("{algorithm:?}"))
        };
        self.known.iter().find(such).map(|known| known.key.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    /// A set with one key, that of RFC 7517 (A.1), under this id.
    fn set(id: &str) -> String {
        let key = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id,
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        });
        json!({"keys": [key]}).to_string()
    }

    #[tokio::test]
    async fn a_withdrawn_key_is_refused_once_known_ones_are_asked_for_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.expect("a client");
            let mut head = [0; 4096];
            let read = connection.read(&mut head).await.expect("a request");
            assert!(read > 0, "it hung up");
            let body = set("new");
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let sent = connection.write_all(answer.as_bytes()).await;
            sent.expect("somebody who listens");
        });
        let url = format!("http://{address}/");
        let provider = KeySet::new(&url, &Authorities::default()).expect("a client");
        let aged = |age: Duration| Keys {
            known: known(set("old").as_bytes()).expect("a set").into(),
            learned: Instant::now().checked_sub(age),
        };
        for (age, is_taken) in [(FRESH / 2, true), (FRESH, false)] {
            *provider.keys.write().expect("nobody panics") = aged(age);
            let found = provider.find(Some("old"), Algorithm::ES256).await;
            assert_eq!(found.expect("an answer").is_some(), is_taken, "{age:?}");
        }
    }
}
