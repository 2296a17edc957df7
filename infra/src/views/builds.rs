//! Builds of projections, for whoever asks for one, gives one up or looks at
//! them. Who carries them out is the projector, or `orderlog rebuild`.

use serde::Serialize;
use sqlx::{PgConnection, PgExecutor, PgPool, Row as _, postgres::PgRow};
use std::str::FromStr;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// The one list of some words: a variant each, and its text.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$of])* $variant),+
        }

        impl $name {
            /// As it is stored.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl FromStr for $name {
            type Err = sqlx::Error;

            fn from_str(text: &str) -> Result<Self, sqlx::Error> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(sqlx::Error::Decode(
                        format!("{text:?} is no {}", stringify!($name)).into(),
                    )),
                }
            }
        }
    };
}
words! {
    /// What has become of a build. At most one of a projection is open:
    /// requested, running or cancelling.
    BuildState {
        /// Somebody is to begin it.
        Requested = "requested",
        /// It is being made, or its builder has died and somebody is to go on.
        Running = "running",
        /// Its builder, or the next one, is to give it up.
        Cancelling = "cancelling",
        /// It was given up; nothing of it is left.
        Cancelled = "cancelled",
        /// It cannot be made; nothing of it is left.
        Failed = "failed",
        /// It was switched to.
        Done = "done",
    }
}
words! {
    /// What a running build is at.
    BuildPhase {
        /// Folding the log, as it was when the build began, into new tables.
        Filling = "filling",
        /// Making the indexes.
        Indexing = "indexing",
        /// Applying what was stored since.
        CatchingUp = "catching_up",
        /// Complete, and not switched to before somebody accepts how much it
        /// parks.
        Held = "held",
    }
}

/// A build of a projection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Build {
    /// Name of the projection.
    #[schema(example = "orders")]
    pub projection: String,
    /// Its number; rises with each build.
    pub build: i64,
    /// What has become of it.
    pub state: BuildState,
    /// What it is at, once it has begun.
    pub phase: Option<BuildPhase>,
    /// Why it was asked for.
    pub reason: String,
    /// Version of the code that makes it, once it has begun.
    pub version: Option<i32>,
    /// Epoch of the log that it is made from, once it has begun.
    pub epoch: Option<i32>,
    /// Aggregates that are in its tables.
    pub aggregates: i64,
    /// Events that were folded for them.
    pub events: i64,
    /// About how many there are to fold.
    pub estimate: Option<i64>,
    /// About how long it will take yet, while it is filling.
    pub seconds_left: Option<i64>,
    /// Why it failed or was given up; of a running one, why it waits.
    pub error: Option<String>,
    /// Whether it is switched to however much it parks.
    pub accept_parked: bool,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: OffsetDateTime,
    /// When it began.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<OffsetDateTime>,
    /// When its builder last said something.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<OffsetDateTime>,
}

impl BuildState {
    /// Whether somebody has to do something about it yet.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::Running | Self::Cancelling)
    }
}

const COLUMNS: &str = "b.projection, b.build, b.state, b.phase, b.reason, b.version, b.epoch, \
     b.estimate, b.seconds_left, b.error, b.accept_parked, b.requested_at, b.started_at, \
     b.updated_at, b.finished_at, p.aggregates, p.events";
const FROM: &str = "FROM projection_builds b, LATERAL ( \
         SELECT coalesce(sum(aggregates), 0)::bigint AS aggregates, \
                coalesce(sum(events), 0)::bigint AS events \
           FROM projection_build_partitions p \
          WHERE p.projection = b.projection AND p.build = b.build) p";
const OPEN: &str = "b.state IN ('requested', 'running', 'cancelling')";

/// Asks for a build of a projection: the running projectors see to it. The
/// open one, where there is one already; none for an unknown projection.
pub async fn request(views: &PgPool, projection: &str) -> Result<Option<Build>, sqlx::Error> {
    if !is_known(views, projection).await? {
        return Ok(None);
    }
    let mut connection = views.acquire().await?;
    Ok(Some(open(&mut connection, projection, "requested").await?))
}

/// Whether there is such a projection.
pub async fn is_known(views: &PgPool, projection: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM projections WHERE name = $1)")
        .bind(projection)
        .fetch_one(views)
        .await
}

/// The open build of a projection; a new one, with this reason, where there is
/// none.
pub async fn open(
    connection: &mut PgConnection,
    projection: &str,
    reason: &str,
) -> Result<Build, sqlx::Error> {
    loop {
        sqlx::query(
            "INSERT INTO projection_builds (projection, build, state, reason) \
             SELECT $1, 1 + greatest( \
                 coalesce((SELECT max(build) FROM projection_builds WHERE projection = $1), 0), \
                 coalesce((SELECT build FROM projections WHERE name = $1), 0)), 'requested', $2 \
             ON CONFLICT DO NOTHING",
        )
        .bind(projection)
        .bind(reason)
        .execute(&mut *connection)
        .await?;
        // Whoever was in the way may have ended its build since.
        if let Some(build) = opened(&mut *connection, projection).await? {
            return Ok(build);
        }
    }
}

/// The open build of a projection, if there is one.
pub async fn opened(
    views: impl PgExecutor<'_>,
    projection: &str,
) -> Result<Option<Build>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE b.projection = $1 AND {OPEN}");
    let row = sqlx::query(&sql)
        .bind(projection)
        .fetch_optional(views)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The open builds of all projections.
pub async fn all_opened(views: impl PgExecutor<'_>) -> Result<Vec<Build>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE {OPEN} ORDER BY b.projection");
    let rows = sqlx::query(&sql).fetch_all(views).await?;
    rows.iter().map(read).collect()
}

/// Gives the open build of a projection up; the build, none where none is
/// open. One that has begun is `cancelling` until its builder, or a running
/// projector, has removed what there is of it.
pub async fn cancel(views: &PgPool, projection: &str) -> Result<Option<Build>, sqlx::Error> {
    let build: Option<i64> = sqlx::query_scalar(&format!(
        "UPDATE projection_builds b SET updated_at = now(), \
             state = CASE state WHEN 'requested' THEN 'cancelled' ELSE 'cancelling' END, \
             finished_at = CASE state WHEN 'requested' THEN now() END \
          WHERE b.projection = $1 AND {OPEN} RETURNING build"
    ))
    .bind(projection)
    .fetch_optional(views)
    .await?;
    match build {
        Some(build) => find(views, projection, build).await,
        None => Ok(None),
    }
}

/// Accepts whatever the open build parks; whether one is open.
pub async fn accept_parked(
    views: impl PgExecutor<'_>,
    projection: &str,
) -> Result<bool, sqlx::Error> {
    let accepted = sqlx::query(&format!(
        "UPDATE projection_builds b SET accept_parked = true WHERE b.projection = $1 AND {OPEN}"
    ))
    .bind(projection)
    .execute(views)
    .await?;
    Ok(accepted.rows_affected() > 0)
}

/// One build.
pub async fn find(
    views: impl PgExecutor<'_>,
    projection: &str,
    build: i64,
) -> Result<Option<Build>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE b.projection = $1 AND b.build = $2");
    let row = sqlx::query(&sql)
        .bind(projection)
        .bind(build)
        .fetch_optional(views)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The last builds, newest first; of one projection or of all.
pub async fn list(
    views: impl PgExecutor<'_>,
    projection: Option<&str>,
    limit: i64,
) -> Result<Vec<Build>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS} {FROM} WHERE $1::text IS NULL OR b.projection = $1 \
          ORDER BY b.requested_at DESC, b.projection, b.build DESC LIMIT $2"
    );
    let rows = sqlx::query(&sql)
        .bind(projection)
        .bind(limit)
        .fetch_all(views)
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &PgRow) -> Result<Build, sqlx::Error> {
    let phase: Option<&str> = row.try_get("phase")?;
    Ok(Build {
        projection: row.try_get("projection")?,
        build: row.try_get("build")?,
        state: row.try_get::<&str, _>("state")?.parse()?,
        phase: phase.map(str::parse).transpose()?,
        reason: row.try_get("reason")?,
        version: row.try_get("version")?,
        epoch: row.try_get("epoch")?,
        aggregates: row.try_get("aggregates")?,
        events: row.try_get("events")?,
        estimate: row.try_get("estimate")?,
        seconds_left: row.try_get("seconds_left")?,
        error: row.try_get("error")?,
        accept_parked: row.try_get("accept_parked")?,
        requested_at: row.try_get("requested_at")?,
        started_at: row.try_get("started_at")?,
        updated_at: row.try_get("updated_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}
