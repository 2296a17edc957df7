//! Numbers for people, unique per platform, taken in blocks: a transaction of
//! its own each, so that an append stays one INSERT. Gaps are allowed.

use sqlx::{PgPool, Row as _};
use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::task::JoinHandle;

/// Numbers per block.
const BLOCK: i64 = 100;
/// With so few left the next block is fetched, so that nobody waits for it.
const FEW: i64 = 50;
/// The first number of a platform.
const FIRST: i64 = 1_001;

/// The log is away, so no number can be had.
#[derive(Debug, thiserror::Error)]
#[error("no order number can be had")]
pub struct NumberError(#[from] sqlx::Error);

/// Hands out the numbers of each platform.
pub struct NumberBlocks {
    pool: PgPool,
    platforms: Mutex<HashMap<String, Arc<Platform>>>,
}

/// The numbers of one platform: whoever waits for a block of it keeps no other
/// platform waiting.
type Platform = tokio::sync::Mutex<Numbers>;

#[derive(Default)]
struct Numbers {
    left: Range<i64>,
    next: Option<JoinHandle<Result<Range<i64>, sqlx::Error>>>,
}

impl NumberBlocks {
    /// Blocks of the log behind `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            platforms: Mutex::new(HashMap::new()),
        }
    }

    /// The next number of `platform`.
    ///
    /// # Errors
    /// Where the log is away.
    pub async fn next(&self, platform: &str) -> Result<i64, NumberError> {
        let numbers = self.of(platform);
        let mut numbers = numbers.lock().await;
        if numbers.left.is_empty() {
            numbers.left = match numbers.next.take() {
                // What failed beforehand is tried again now.
                Some(fetched) => match fetched.await {
                    Ok(Ok(block)) => block,
                    _ => take_block(self.pool.clone(), platform.to_owned()).await?,
                },
                None => take_block(self.pool.clone(), platform.to_owned()).await?,
            };
        }
        let number = numbers.left.start;
        numbers.left.start += 1;
        if numbers.left.end - numbers.left.start < FEW && numbers.next.is_none() {
            let block = take_block(self.pool.clone(), platform.to_owned());
            numbers.next = Some(tokio::spawn(block));
        }
        Ok(number)
    }

    fn of(&self, platform: &str) -> Arc<Platform> {
        let platforms = self.platforms.lock();
        let mut platforms = platforms.unwrap_or_else(PoisonError::into_inner);
        if let Some(numbers) = platforms.get(platform) {
            return Arc::clone(numbers);
        }
        let numbers = Arc::default();
        platforms.insert(platform.to_owned(), Arc::clone(&numbers));
        numbers
    }
}

async fn take_block(pool: PgPool, platform: String) -> Result<Range<i64>, sqlx::Error> {
    let row = sqlx::query(
        "INSERT INTO order_numbers AS n (platform, next) VALUES ($1, $2 + $3) \
         ON CONFLICT (platform) DO UPDATE SET next = n.next + $3 RETURNING next",
    )
    .bind(platform)
    .bind(FIRST)
    .bind(BLOCK)
    .fetch_one(&pool)
    .await?;
    let next: i64 = row.try_get("next")?;
    Ok(next - BLOCK..next)
}
