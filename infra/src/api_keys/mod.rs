//! API keys: who may call. A key is `ol_<prefix>_<secret>`; the prefix finds
//! its row, which holds only the SHA-256 of the whole.

mod scopes;
mod store;
mod token;

pub use scopes::Scopes;

use crate::clock;
use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;
use token::Token;

/// How long a verdict is kept: a revoked key is refused within a second.
const VERDICT_AGE: Duration = Duration::from_millis(900);
/// Verdicts kept per process; beyond that the least used ones are asked again.
const VERDICTS: u64 = 10_000;

/// A key as it is shown once, when it is made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Id: the actor of every event that the key leads to.
    pub id: String,
    /// The key itself; stored nowhere.
    pub secret: String,
}

/// A key as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ApiKey {
    /// Id: the actor of every event that the key leads to.
    pub id: String,
    /// For people.
    pub name: String,
    /// The first characters after `ol_`.
    pub prefix: String,
    /// What it is for; null: everything.
    pub scopes: Scopes,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was revoked.
    #[serde(with = "time::serde::rfc3339::option")]
    pub revoked_at: Option<OffsetDateTime>,
}

/// Makes a key for everything.
pub async fn create(ops: &PgPool, name: &str) -> Result<NewKey, sqlx::Error> {
    create_for(ops, name, &Scopes::default()).await
}

/// Makes a key.
pub async fn create_for(ops: &PgPool, name: &str, scopes: &Scopes) -> Result<NewKey, sqlx::Error> {
    loop {
        let token = Token::random();
        let id = format!("key_{}", clock::new_id().simple());
        let secret = token.to_string();
        // Two keys with one prefix are about as likely as one in 10^12.
        if store::insert(ops, (&id, name), scopes, (token.prefix(), &hash(&secret))).await? {
            return Ok(NewKey { id, secret });
        }
    }
}

/// Every key, oldest first.
pub async fn list(ops: &PgPool) -> Result<Vec<ApiKey>, sqlx::Error> {
    store::list(ops).await
}

/// Revokes a key, by its id; false where there is none of that id that is not
/// revoked already. Every process refuses it within a second.
pub async fn revoke(ops: &PgPool, id: &str) -> Result<bool, sqlx::Error> {
    store::revoke(ops, id).await
}

/// Verifies keys; one per process, cheap to clone.
#[derive(Debug, Clone)]
pub struct ApiKeys {
    ops: PgPool,
    verdicts: Cache<[u8; 32], Option<Arc<ApiKey>>>,
}

impl ApiKeys {
    /// Verifies against the ops database behind `ops`.
    pub fn new(ops: PgPool) -> Self {
        let verdicts = Cache::builder()
            .max_capacity(VERDICTS)
            .time_to_live(VERDICT_AGE)
            .build();
        Self { ops, verdicts }
    }

    /// The key that `secret` is, unless it is unknown or revoked. Concurrent
    /// questions about one key are asked once.
    pub async fn verify(&self, secret: &str) -> Result<Option<Arc<ApiKey>>, Arc<sqlx::Error>> {
        let Some(token) = Token::parse(secret) else {
            return Ok(None);
        };
        let hash = hash(secret);
        let asked = self.ask(token.prefix(), hash);
        self.verdicts.try_get_with(hash, asked).await
    }

    async fn ask(&self, prefix: &str, hash: [u8; 32]) -> Result<Option<Arc<ApiKey>>, sqlx::Error> {
        let found = store::find(&self.ops, prefix).await?;
        Ok(found.and_then(|(key, stored)| {
            let same = stored.as_slice().ct_eq(&hash[..]).into();
            let valid = same && key.revoked_at.is_none();
            valid.then(|| Arc::new(key))
        }))
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
