//! `GET /v1/admin/projections`: which builds are served, and how far they are
//! behind.

use crate::{
    documented::Refused,
    lag::{self, Behind, Build, Checkpoint, Measured, ProjectionLag},
    servers::PRIMARY,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use contracts::PositionToken;
use futures_util::future::join_all;
use infra::{
    clock,
    config::Config,
    http::{Principal, Problem, Query},
    kafka,
    views::{builds, models, parked},
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

/// How long Kafka may take; without it the answer lacks its part.
const KAFKA_TIME: Duration = Duration::from_secs(2);

/// Every projection.
#[derive(Debug, Serialize, ToSchema)]
pub struct Projections {
    /// By name, as the primary has them.
    data: Vec<Projection>,
    /// Replicas that lists and statistics are read from.
    replicas: Vec<Replica>,
}

/// A replica of the views.
#[derive(Debug, Serialize, ToSchema)]
struct Replica {
    /// Host, port and database.
    #[schema(example = "views-2.internal:5432/views")]
    server: String,
    /// Whether it answers; one that does not is left alone until it does.
    answers: bool,
    /// How far the orders are behind the log there.
    #[serde(flatten)]
    lag: Lag,
}

/// The served build of a projection.
#[derive(Debug, Serialize, ToSchema)]
struct Projection {
    /// Name.
    #[schema(example = "orders")]
    name: String,
    /// Topic that its events come from.
    #[schema(example = "orders.events.v1")]
    topic: &'static str,
    /// Rises with each rebuild.
    build: i64,
    /// Version of the code that made it.
    version: i32,
    /// Epoch of the log that it was made from.
    epoch: i32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    built_at: String,
    #[serde(flatten)]
    lag: Lag,
    /// Positions of the log that it has come past a second, over the last ten
    /// seconds, whichever events lie there; `null` before it was looked at twice.
    #[schema(example = 12.4)]
    per_second: Option<f64>,
    /// What is parked in it.
    parked: i64,
    /// The build that is being made to take its place, if there is one.
    rebuild: Option<builds::Build>,
    /// Its partitions.
    partitions: Vec<ProjectionPartition>,
}

/// Where one partition is.
#[derive(Debug, Serialize, ToSchema)]
struct ProjectionPartition {
    /// Partition of its topic.
    partition: i32,
    /// Offset that the projection goes on from.
    next_offset: i64,
    /// Offset that Kafka will give next, transaction markers included; `null`
    /// while Kafka does not answer.
    end_offset: Option<i64>,
    /// Up to where the log is in the views; what `min_position` takes.
    position: String,
    /// When the partition last moved.
    #[schema(value_type = String, format = DateTime)]
    updated_at: String,
    #[serde(flatten)]
    lag: Lag,
}

/// How far behind; all `null` while the log does not answer.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
struct Lag {
    /// Events that are in the log and not in the views.
    events: Option<u64>,
    /// Whether their number is an estimate, far behind.
    estimated: Option<bool>,
    /// Seconds since the first of them was recorded.
    seconds: Option<f64>,
}

/// Projections and their lag
///
/// The served build of each projection, and how far each partition is behind
/// the log, whether or not a projector runs. Measured once a second. The same
/// is on `/metrics` as `orderlog_views_lag_events` and
/// `orderlog_views_lag_seconds`, and all of it together in the header
/// `Orderlog-Lag` of every read, there of the server that has answered.
#[utoipa::path(
    get,
    path = "/v1/admin/projections",
    operation_id = "list_projections",
    tag = "admin",
    responses((status = 200, description = "All of them", body = Projections), Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let database = |error: sqlx::Error| Problem::database(&error);
    let builds = lag::builds(&state.views).await.map_err(database)?;
    let checkpoints = lag::checkpoints(&state.views).await.map_err(database)?;
    let parked = parked::counts(&state.views).await.map_err(database)?;
    let rebuilds = builds::all_opened(&state.views).await.map_err(database)?;
    let seen = Seen {
        checkpoints,
        parked,
        rebuilds,
        paces: state.lag.paces(),
        ends: ends(&state.config).await,
        measured: state.lag.measured(PRIMARY),
        now: clock::now(),
    };
    let data = builds.into_iter().map(|build| seen.projection(build));
    let replicas = state.servers.each().skip(1).map(|(place, name, _)| {
        let measured = state.lag.measured(place);
        Replica {
            server: name.to_owned(),
            answers: state.servers.answers(place),
            lag: seen.lag(measured.map(|measured| measured.orders())),
        }
    });
    let projections = Projections {
        data: data.collect(),
        replicas: replicas.collect(),
    };
    Ok(super::told(HttpResponse::Ok(), &projections))
}

/// Where each partition of each topic ends, as far as Kafka says.
async fn ends(config: &Config) -> HashMap<&'static str, Vec<i64>> {
    let topics: BTreeSet<_> = models::ALL.iter().map(|model| model.topic.name).collect();
    let asked = topics.into_iter().map(async |topic| {
        let asked = kafka::watermarks(config, topic);
        let ranges = tokio::time::timeout(KAFKA_TIME, asked).await.ok()?.ok()?;
        Some((topic, ranges.iter().map(|range| range.end).collect()))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// The topic of a projection: one that is not of this release is of orders.
fn topic(projection: &str) -> &'static str {
    let model = models::named(projection).unwrap_or(&models::ORDERS);
    model.topic.name
}

/// What is known, from everybody who was asked.
struct Seen {
    checkpoints: Vec<Checkpoint>,
    /// How much is parked, by projection.
    parked: BTreeMap<String, i64>,
    /// Builds that are open.
    rebuilds: Vec<builds::Build>,
    /// How fast each projection moves.
    paces: HashMap<String, f64>,
    ends: HashMap<&'static str, Vec<i64>>,
    measured: Option<Arc<Measured>>,
    now: OffsetDateTime,
}

impl Seen {
    fn projection(&self, build: Build) -> Projection {
        let measured = self.measured.as_ref();
        let lag = measured.and_then(|measured| measured.0.get(&build.projection));
        let checkpoints = self.checkpoints.iter();
        let checkpoints = checkpoints.filter(|c| c.projection == build.projection);
        Projection {
            lag: self.lag(lag.map(ProjectionLag::whole)),
            per_second: self.paces.get(&build.projection).copied(),
            parked: self.parked.get(&build.projection).copied().unwrap_or(0),
            rebuild: self
                .rebuilds
                .iter()
                .find(|rebuild| rebuild.projection == build.projection)
                .cloned(),
            partitions: checkpoints.map(|c| self.partition(c, lag)).collect(),
            topic: topic(&build.projection),
            name: build.projection,
            build: build.number,
            version: build.version,
            epoch: build.epoch,
            built_at: rfc3339(build.built_at),
        }
    }

    fn partition(
        &self,
        checkpoint: &Checkpoint,
        lag: Option<&ProjectionLag>,
    ) -> ProjectionPartition {
        let Checkpoint { partition, at, .. } = *checkpoint;
        let index = usize::try_from(partition).ok();
        let topic = topic(&checkpoint.projection);
        let ends = self.ends.get(topic);
        let position = PositionToken {
            topic: topic.to_owned(),
            partition,
            at,
        };
        ProjectionPartition {
            partition,
            next_offset: checkpoint.next,
            end_offset: index.and_then(|index| ends?.get(index).copied()),
            position: position.to_string(),
            updated_at: rfc3339(checkpoint.updated_at),
            lag: self.lag(lag.and_then(|lag| lag.0.get(&partition).copied())),
        }
    }

    fn lag(&self, behind: Option<Behind>) -> Lag {
        behind.map_or_else(Lag::default, |behind| Lag {
            events: Some(behind.events),
            estimated: Some(behind.estimated),
            seconds: Some(behind.seconds(self.now)),
        })
    }
}

pub(super) fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}
