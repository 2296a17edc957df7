//! Secrets that every instance of a role shares, made once and kept in the
//! ops database.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use sqlx::PgPool;
use tokio::sync::OnceCell;

/// Length in bytes.
pub const SECRET_LEN: usize = 32;

/// A secret of this name; whoever comes first makes it.
#[derive(Debug)]
pub struct SharedSecret {
    ops: PgPool,
    name: &'static str,
    read: OnceCell<[u8; SECRET_LEN]>,
}

impl SharedSecret {
    /// The secret `name` in the ops database; nothing is read yet.
    pub const fn new(ops: PgPool, name: &'static str) -> Self {
        Self {
            ops,
            name,
            read: OnceCell::const_new(),
        }
    }

    /// The secret; read once.
    pub async fn get(&self) -> Result<&[u8; SECRET_LEN], sqlx::Error> {
        self.read.get_or_try_init(|| self.made_or_found()).await
    }

    async fn made_or_found(&self) -> Result<[u8; SECRET_LEN], sqlx::Error> {
        sqlx::query(
            "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        )
        .bind(self.name)
        .bind(&rand::random::<[u8; SECRET_LEN]>()[..])
        .execute(&self.ops)
        .await?;
        let value: Vec<u8> = sqlx::query_scalar("SELECT value FROM secrets WHERE name = $1")
            .bind(self.name)
            .fetch_one(&self.ops)
            .await?;
        let malformed = |_| sqlx::Error::Decode("a shared secret is not 32 bytes long".into());
        value.try_into().map_err(malformed)
    }
}

/// HMAC-SHA256 of `bytes` under a secret.
pub fn mac(secret: &[u8; SECRET_LEN], bytes: &[u8]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..SECRET_LEN].copy_from_slice(secret);
    // HMAC pads a short key with zeros (RFC 2104 §2): the same key.
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(bytes);
    mac
}
