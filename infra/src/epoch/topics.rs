//! The table `relay_topics`: which topics this log was published to. Kafka's
//! own record of that may be lost together with the events, and publishing
//! everything a second time to subscribers who have it is not a thing to do
//! unasked.

use sqlx::{PgExecutor, Row as _};

/// What is written down about a topic of some name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownTopic {
    /// Nothing was ever published under this name.
    Never,
    /// The log was last published to the topic with this id.
    Published(String),
    /// An operator has allowed the next one.
    Allowed,
}

/// What is written down about `topic` (its full name).
pub async fn known_topic(log: impl PgExecutor<'_>, topic: &str) -> Result<KnownTopic, sqlx::Error> {
    let row = sqlx::query(
        "SELECT topic_id FROM relay_topics WHERE topic = $1 ORDER BY number DESC LIMIT 1",
    )
    .bind(topic)
    .fetch_optional(log)
    .await?;
    let id: Option<String> = row.map(|row| row.try_get("topic_id")).transpose()?;
    Ok(match id {
        None => KnownTopic::Never,
        Some(id) if id.is_empty() => KnownTopic::Allowed,
        Some(id) => KnownTopic::Published(id),
    })
}

/// Writes down that the log is published to this topic, before it is: after a
/// crash in between, the same topic is found again and nothing is wrong.
pub async fn record_topic(
    log: impl PgExecutor<'_>,
    topic: &str,
    topic_id: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH used AS (DELETE FROM relay_topics WHERE topic = $1 AND topic_id = '') \
         INSERT INTO relay_topics (topic, topic_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(topic)
    .bind(topic_id)
    .execute(log)
    .await?;
    Ok(())
}

/// Allows the next empty topic of this name to be published to from the first
/// event on. False: nothing was ever published, so nothing has to be allowed.
pub async fn allow_republish(log: impl PgExecutor<'_>, topic: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "INSERT INTO relay_topics (topic, topic_id) \
         SELECT $1, '' WHERE EXISTS (SELECT FROM relay_topics WHERE topic = $1) \
         ON CONFLICT DO NOTHING",
    )
    .bind(topic)
    .execute(log)
    .await?;
    Ok(done.rows_affected() == 1)
}
