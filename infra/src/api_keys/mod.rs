//! API keys: who may call. A key is `ol_<prefix>_<secret>`; the prefix finds
//! its row, which holds only the SHA-256 of the whole.

mod scopes;
mod store;
mod token;

pub use scopes::{Scope, Scopes};

use crate::clock;
use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;
use token::Token;
use uuid::Uuid;

/// How long a verdict is kept: a revoked key is refused within a second.
const VERDICT_AGE: Duration = Duration::from_millis(900);
/// How often the use of a key is noted.
const USE_NOTED_EACH: Duration = Duration::from_mins(1);
/// Verdicts kept per process; beyond that the least used ones are asked again.
const VERDICTS: u64 = 10_000;

/// What a key is made with.
#[derive(Debug, Clone, Default)]
pub struct Rights {
    /// What it is for; none: everything.
    pub scopes: Scopes,
    /// The only platform that it has to do with; none: all.
    pub platform: Option<String>,
    /// When it ends; none: never.
    pub expires_at: Option<OffsetDateTime>,
}

/// A key as it is shown once, when it is made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Id: the actor of every event that the key leads to.
    pub id: String,
    /// The key itself; stored nowhere.
    pub secret: String,
}

/// A key as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ApiKey {
    /// Id: the actor of every event that the key leads to.
    pub id: String,
    /// For people.
    pub name: String,
    /// The first characters after `ol_`.
    pub prefix: String,
    /// What it is for; null: everything.
    #[schema(value_type = Option<Vec<String>>, example = json!(["orders:read", "orders:write"]))]
    pub scopes: Scopes,
    /// The only platform that it has to do with; null: all.
    #[schema(example = "web")]
    pub platform: Option<String>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
    /// The key that made it; null: the command line.
    pub created_by: Option<String>,
    /// When it ends; null: never.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<OffsetDateTime>,
    /// When it was used last, to within two minutes; null: never.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was revoked; null: it was not.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<OffsetDateTime>,
    /// The key that revoked it; null: the command line, or nobody.
    pub revoked_by: Option<String>,
}

impl ApiKey {
    /// Whether it may be used at this time.
    pub fn is_valid(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// Makes a key for everything.
pub async fn create(ops: &PgPool, name: &str) -> Result<NewKey, sqlx::Error> {
    create_for(ops, name, &Rights::default()).await
}

/// Makes a key.
pub async fn create_for(ops: &PgPool, name: &str, rights: &Rights) -> Result<NewKey, sqlx::Error> {
    create_by(ops, clock::new_id(), name, rights, None)
        .await?
        .ok_or(sqlx::Error::RowNotFound)
}

/// Makes the key of this id in somebody's name; none where it was made before.
pub async fn create_by(
    ops: &PgPool,
    id: Uuid,
    name: &str,
    rights: &Rights,
    created_by: Option<&str>,
) -> Result<Option<NewKey>, sqlx::Error> {
    let id = format!("key_{}", id.simple());
    loop {
        let token = Token::random();
        let secret = token.to_string();
        let row = store::NewRow {
            id: &id,
            name,
            rights,
            created_by,
            prefix: token.prefix(),
            hash: &hash(&secret),
        };
        if store::insert(ops, &row).await? {
            return Ok(Some(NewKey { id, secret }));
        }
        // Two keys with one prefix are about as likely as one in 10^12.
        if store::by_id(ops, &id).await?.is_some() {
            return Ok(None);
        }
    }
}

/// The key of an id.
pub async fn one(ops: &PgPool, id: &str) -> Result<Option<ApiKey>, sqlx::Error> {
    store::by_id(ops, id).await
}

/// Every key, oldest first.
pub async fn list(ops: &PgPool) -> Result<Vec<ApiKey>, sqlx::Error> {
    store::list(ops).await
}

/// Revokes a key, by its id; false where there is none of that id that is not
/// revoked already. Every process refuses it within a second.
pub async fn revoke(ops: &PgPool, id: &str, by: Option<&str>) -> Result<bool, sqlx::Error> {
    store::revoke(ops, id, by).await
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
        // Mostly it is there, and nothing has to be prepared for its not being.
        if let Some(verdict) = self.verdicts.get(&hash).await {
            return Ok(verdict);
        }
        let asked = self.ask(token.prefix(), hash);
        self.verdicts.try_get_with(hash, asked).await
    }

    async fn ask(&self, prefix: &str, hash: [u8; 32]) -> Result<Option<Arc<ApiKey>>, sqlx::Error> {
        let found = store::find(&self.ops, prefix).await?;
        Ok(found.and_then(|(key, stored)| {
            let same: bool = stored.as_slice().ct_eq(&hash[..]).into();
            let valid = same && key.is_valid(clock::now());
            valid.then(|| Arc::new(key))
        }))
        .inspect(|found| self.note_use(found.as_deref()))
    }

    /// Notes that a key was used, in the background and not each time: nobody
    /// waits for it, and a database that is away loses nothing else.
    fn note_use(&self, key: Option<&ApiKey>) {
        let noted_lately = |key: &&ApiKey| {
            let last = key.last_used_at;
            last.is_some_and(|last| clock::now() - last < USE_NOTED_EACH)
        };
        let Some(key) = key.filter(|key| !noted_lately(key)) else {
            return;
        };
        let (ops, id) = (self.ops.clone(), key.id.clone());
        tokio::spawn(async move {
            if let Err(error) = store::note_use(&ops, &id).await {
                tracing::warn!(%error, "api_key.use_not_noted");
            }
        });
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
