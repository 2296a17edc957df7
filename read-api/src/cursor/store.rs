//! The secret that signs cursors.

use sqlx::PgPool;

const NAME: &str = "cursor";

/// The shared secret; whoever comes first makes it.
pub async fn secret(ops: &PgPool) -> Result<[u8; 32], sqlx::Error> {
    sqlx::query("INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(NAME)
        .bind(&rand::random::<[u8; 32]>()[..])
        .execute(ops)
        .await?;
    let value: Vec<u8> = sqlx::query_scalar("SELECT value FROM secrets WHERE name = $1")
        .bind(NAME)
        .fetch_one(ops)
        .await?;
    value
        .try_into()
        .map_err(|_| sqlx::Error::Decode("the secret of cursors is not 32 bytes long".into()))
}
