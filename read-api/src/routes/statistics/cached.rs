//! How figures are computed, cached and sent: the same for every route of
//! statistics.

use super::turns::Turns;
use crate::{
    consistency::{Consistency, PREFERENCE_APPLIED, Ready},
    lag,
    reply::{Reply, TagHash},
    servers::Route,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{AGE, HeaderName, HeaderValue},
    web::{self, Bytes},
};
use infra::{
    asked::PREFETCH,
    http::{Problem, query::invalid},
    redis::{Answered, Entry, Found, Redis, Version, VersionedCache},
    views,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use sqlx::{PgExecutor, PgPool, Postgres, Transaction, error::DatabaseError};
use std::{panic::resume_unwind, sync::Arc, time::Duration};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::task::JoinError;

/// Most rows of an answer.
pub const MOST_ROWS: usize = 10_000;

/// How long figures are trusted without a look at the state that they are of.
const TRUSTED: Duration = Duration::from_mins(1);
/// How long they are kept: what is asked for more often than that stays.
const KEPT: Duration = Duration::from_mins(15);

/// What the cache had (RFC 9211).
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// Parameters that say how fresh an answer has to be, not what is asked.
const FRESHNESS: &[&str] = &["min_position"];
/// Parameters that may name a person: such questions are not noted.
const PERSONAL: &[&str] = &["customer", "external_id", "q"];

/// Cached answers.
pub type Cache = VersionedCache<StatisticsError>;

/// The cache, of which the projector announces the versions.
pub fn cache(redis: Redis) -> Cache {
    VersionedCache::new(redis, views::STATISTICS_FAMILY, TRUSTED).kept_for(KEPT)
}

/// Why there are no figures.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StatisticsError {
    /// The views cannot be asked.
    #[error("the statistics cannot be read")]
    Database(#[from] Arc<sqlx::Error>),
    /// More rows than anybody would want.
    #[error("more than {MOST_ROWS} rows")]
    TooManyRows,
    /// A time zone that the database does not know.
    #[error("no such time zone")]
    TimeZone,
}

impl From<sqlx::Error> for StatisticsError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(DatabaseError::code);
        // 22023: what a statement here can be told wrongly is the time zone.
        if code.as_deref() == Some("22023") {
            Self::TimeZone
        } else {
            Self::Database(Arc::new(error))
        }
    }
}

impl From<StatisticsError> for Problem {
    fn from(error: StatisticsError) -> Self {
        match error {
            StatisticsError::Database(error) => Self::database(&error),
            StatisticsError::TooManyRows => {
                Self::bad_request("too_many_rows", "The answer would be too long")
                    .detail(format!(
                        "at most {MOST_ROWS} rows: narrow the range, or group by less"
                    ))
                    .with("most_rows", MOST_ROWS.into())
            }
            StatisticsError::TimeZone => {
                invalid("time_zone", "must be an IANA name such as Europe/London")
            }
        }
    }
}

/// A snapshot of the views, and the state that it is of: the build, and the
/// sum of its offsets. Refuses a zone that the database does not know: a
/// statement that comes upon no row would not look at it.
pub async fn snapshot(
    views: &PgPool,
    zone: Option<&str>,
) -> Result<(Version, Transaction<'static, Postgres>), sqlx::Error> {
    let mut snapshot = views
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    // Before the snapshot: a new build that took the tables' place after it
    // would be read as it was before it was complete.
    sqlx::query(
        "LOCK TABLE order_statistics, order_status_statistics, product_statistics, \
             customer_statistics, order_funnel, orders, order_lines, order_movements, order_search \
         IN ACCESS SHARE MODE",
    )
    .execute(&mut *snapshot)
    .await?;
    if let Some(zone) = zone {
        let known = sqlx::query("SELECT now() AT TIME ZONE $1").bind(zone);
        known.execute(&mut *snapshot).await?;
    }
    let version = version(&mut *snapshot).await?;
    Ok((version, snapshot))
}

async fn version(connection: impl PgExecutor<'_>) -> Result<Version, sqlx::Error> {
    let [version] = views::states(connection, [views::ORDERS]).await?;
    Ok(version)
}

/// The answer of every route: rows, and the state that they are of.
#[derive(Serialize)]
struct Figures<'a, B> {
    /// JSON already: it is hashed, too.
    data: &'a RawValue,
    version: String,
    as_of: String,
    #[serde(flatten)]
    beside: B,
}

/// What the answers of most routes say beside that.
#[derive(Serialize)]
struct Nothing {}

/// The range that figures are compared with, where they are.
#[derive(Serialize)]
struct ComparedWith<C> {
    #[serde(skip_serializing_if = "Option::is_none")]
    compared_with: Option<C>,
}

/// An entry of the cache: the tag, a line break, the body. The tag is that of
/// the figures alone, so that it stays while they do.
///
/// # Errors
/// Where there are more rows than [`MOST_ROWS`].
pub fn packed<R: Serialize>(data: &[R], version: Version) -> Result<Entry, StatisticsError> {
    packed_with(data, version, Nothing {})
}

/// The same of figures that are compared with those of another range.
///
/// # Errors
/// Where there are more rows than [`MOST_ROWS`].
pub fn packed_beside<R: Serialize, C: Serialize>(
    data: &[R],
    version: Version,
    compared_with: Option<C>,
) -> Result<Entry, StatisticsError> {
    packed_with(data, version, ComparedWith { compared_with })
}

fn packed_with<R: Serialize, B: Serialize>(
    data: &[R],
    version: Version,
    beside: B,
) -> Result<Entry, StatisticsError> {
    if data.len() > MOST_ROWS {
        return Err(StatisticsError::TooManyRows);
    }
    let mut entry = Entry::new(version, Bytes::new());
    let unwritable = |error: serde_json::Error| sqlx::Error::Encode(error.into());
    let mut hash = TagHash::of("statistics");
    let rows = to_raw_value(data).map_err(unwritable)?;
    hash.add(rows.get().as_bytes());
    let figures = Figures {
        data: &rows,
        version: version.to_string(),
        as_of: rfc3339(entry.computed_at),
        beside,
    };
    let mut value = format!("W/\"{}\"\n", hash.finish()).into_bytes();
    serde_json::to_writer(&mut value, &figures).map_err(unwritable)?;
    entry.value = value.into();
    Ok(entry)
}

/// The tag and the body of an entry.
fn unpacked(value: &Bytes) -> (String, Bytes) {
    let end = value.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let etag = String::from_utf8_lossy(&value[..end]).into_owned();
    (etag, value.slice((end + 1).min(value.len())..))
}

fn rfc3339(time: OffsetDateTime) -> String {
    // Every present moment has such a form.
    time.format(&Rfc3339).unwrap_or_default()
}

/// What a route is asked for.
pub trait Question: Clone + Send + Sync + 'static {
    /// Name of the route, and everything that decides what the answer is.
    fn canonical(&self) -> String;

    /// How fresh the answer has to be.
    fn consistency(&self) -> &Consistency;

    /// Whether orders have to be counted one by one for it.
    fn is_counted(&self) -> bool;

    /// Computes the answer from the views.
    fn answer(
        self,
        views: PgPool,
    ) -> impl Future<Output = Result<Entry, StatisticsError>> + Send + 'static;

    /// What its answer is cached under: the same for the same question.
    fn key(&self) -> String {
        TagHash::of(&self.canonical()).finish()
    }
}

/// Answers from the cache, or computes the answer.
pub async fn reply(
    state: &State,
    request: &HttpRequest,
    asked: impl Question,
) -> Result<HttpResponse, Problem> {
    let consistency = asked.consistency();
    let (at_least, route) = awaited(state, consistency).await?;
    let compute = || Box::pin(computed(asked.clone(), route.clone(), state.turns.clone()));
    let current = || Box::pin(current(route.clone()));
    let key = asked.key();
    let answered = state
        .statistics
        .get_or_compute(&key, at_least, current, compute);
    let Answered { entry, found } = answered.await?;
    note(state, request).await;
    let (etag, body) = unpacked(&entry.value);
    Ok(Reply::new(etag)
        .header(lag::HEADER, state.lag.header_of_any())
        .header(AGE, HeaderValue::from(entry.age().as_secs()))
        .header(CACHE_STATUS, cache_status(found))
        .maybe(PREFERENCE_APPLIED, consistency.applied())
        .send(request, body))
}

/// The value of [`CACHE_STATUS`].
pub const fn cache_status(found: Found) -> HeaderValue {
    HeaderValue::from_static(match found {
        Found::Hit => "orderlog; hit",
        Found::Revalidated => "orderlog; hit; detail=recomputing",
        Found::Stale => "orderlog; fwd=stale",
        Found::Miss => "orderlog; fwd=miss",
        Found::Unavailable => "orderlog; fwd=bypass",
    })
}

/// Remembers what was asked, so that it may be there before it is asked again; not
/// what was asked for that.
async fn note(state: &State, request: &HttpRequest) {
    let Some(notes) = &state.asked else { return };
    let (purpose, prefetch) = PREFETCH;
    // Parameters may follow, as in `prefetch;prerender`.
    let purpose = request.headers().get(purpose);
    if purpose.is_some_and(|purpose| purpose.as_bytes().starts_with(prefetch.as_bytes())) {
        return;
    }
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    // It was read before.
    let Ok(mut pairs) = pairs.map(web::Query::into_inner) else {
        return;
    };
    pairs.retain(|(name, _)| !FRESHNESS.contains(&name.as_str()));
    if !pairs
        .iter()
        .any(|(name, _)| PERSONAL.contains(&name.as_str()))
    {
        notes.note(request.path(), &pairs).await;
    }
}

/// The state that the views are in.
async fn current(route: Route) -> Result<Version, StatisticsError> {
    let read = route.read(|views| async move { Ok(version(&views).await?) });
    read.await.map(|(version, _)| version)
}

async fn computed(
    asked: impl Question,
    route: Route,
    turns: Turns,
) -> Result<Entry, StatisticsError> {
    if !asked.is_counted() {
        return read(asked, route).await;
    }
    let turn = turns.turn().await?;
    // Whoever asks may leave; the connection is taken until the statement ends.
    let counting = tokio::spawn(async move {
        let _turn = turn;
        read(asked, route).await
    });
    match counting.await.map_err(JoinError::try_into_panic) {
        Ok(counted) => counted,
        Err(Ok(panic)) => resume_unwind(panic),
        // The process ends.
        Err(Err(_)) => Err(sqlx::Error::PoolClosed.into()),
    }
}

async fn read(asked: impl Question, route: Route) -> Result<Entry, StatisticsError> {
    let answer = route.read(|views| asked.clone().answer(views));
    answer.await.map(|(entry, _)| entry)
}

/// Waits for the position that is asked for; the state that has it, and who is
/// to be asked.
async fn awaited(state: &State, asked: &Consistency) -> Result<(Option<Version>, Route), Problem> {
    let Ready { reached, route } = asked.wait(state, None).await?;
    if !(reached && asked.has_position()) {
        return Ok((None, route));
    }
    let read = route.read(|views| async move { version(&views).await });
    let (version, _) = read.await.map_err(|error| Problem::database(&error))?;
    Ok((Some(version), route))
}

/// `sum / count`, rounded half-even; none without a count.
pub fn half_even(sum: i64, count: i64) -> Option<i64> {
    let count = (count > 0).then_some(count)?;
    let (quotient, remainder) = (sum.div_euclid(count), sum.rem_euclid(count));
    let twice = i128::from(remainder) * 2;
    let up = twice > i128::from(count) || (twice == i128::from(count) && quotient % 2 != 0);
    Some(quotient + i64::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_rounded_half_even() {
        for (sum, count, average) in [
            (10, 4, Some(2)),
            (14, 4, Some(4)),
            (11, 4, Some(3)),
            (9, 4, Some(2)),
            (-10, 4, Some(-2)),
            (-14, 4, Some(-4)),
            (-11, 4, Some(-3)),
            (i64::MAX, 1, Some(i64::MAX)),
            (5, 0, None),
        ] {
            assert_eq!(half_even(sum, count), average, "{sum}/{count}");
        }
    }

    #[test]
    fn an_entry_is_taken_apart_again() {
        let version = Version {
            build: 1,
            number: 5,
        };
        let packed = || packed::<i64>(&[], version).expect("JSON");
        let (first, second) = (packed(), packed());
        let (etag, body) = unpacked(&first.value);
        assert!(etag.starts_with("W/\"") && etag.ends_with('"'), "{etag}");
        assert!(body.starts_with(b"{\"data\":[],\"version\":\"1-5\",\"as_of\":\"2"));
        assert_eq!(etag, unpacked(&second.value).0, "the same figures");
    }
}
