//! Numbers for people, unique per platform, taken in blocks: a transaction of
//! its own each, so that an append stays one INSERT. Gaps are allowed.

use sqlx::{PgPool, Row as _};
use std::{collections::HashMap, ops::Range};
use tokio::sync::Mutex;

/// Numbers per block.
const BLOCK: i64 = 100;
/// The first number of a platform.
const FIRST: i64 = 1_001;

/// The log is away, so no number can be had.
#[derive(Debug, thiserror::Error)]
#[error("no order number can be had")]
pub struct NumberError(#[from] sqlx::Error);

/// Hands out the numbers of each platform.
pub struct NumberBlocks {
    pool: PgPool,
    blocks: Mutex<HashMap<String, Range<i64>>>,
}

impl NumberBlocks {
    /// Blocks of the log behind `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            blocks: Mutex::new(HashMap::new()),
        }
    }

    /// The next number of `platform`.
    pub async fn next(&self, platform: &str) -> Result<i64, NumberError> {
        let mut blocks = self.blocks.lock().await;
        if let Some(number) = blocks.get_mut(platform).and_then(Iterator::next) {
            return Ok(number);
        }
        let mut block = self.take_block(platform).await?;
        let number = block.start;
        block.start += 1;
        blocks.insert(platform.to_owned(), block);
        Ok(number)
    }

    async fn take_block(&self, platform: &str) -> Result<Range<i64>, sqlx::Error> {
        let row = sqlx::query(
            "INSERT INTO order_numbers AS n (platform, next) VALUES ($1, $2 + $3) \
             ON CONFLICT (platform) DO UPDATE SET next = n.next + $3 RETURNING next",
        )
        .bind(platform)
        .bind(FIRST)
        .bind(BLOCK)
        .fetch_one(&self.pool)
        .await?;
        let next: i64 = row.try_get("next")?;
        Ok(next - BLOCK..next)
    }
}
