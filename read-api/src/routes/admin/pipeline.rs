//! `GET /v1/admin/pipeline`: the log and the relay, before the projections.

use super::projections::rfc3339;
use crate::{
    documented::Refused,
    lag::OfLog,
    relayed::{Sight, Unpublished},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::http::{Principal, Problem, Query};
use serde::Serialize;
use utoipa::ToSchema;

/// What comes before the projections.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pipeline {
    /// The log; `null` while it does not answer.
    log: Option<LogPlace>,
    /// What is published of it; `null` while Kafka does not answer.
    relay: Option<RelayPlace>,
}

/// The end of the log.
#[derive(Debug, Serialize, ToSchema)]
struct LogPlace {
    /// Epoch of its last event; `null` where it is empty.
    epoch: Option<i32>,
    /// Position of its last event. Positions rise with gaps.
    position: Option<i64>,
    /// When that was recorded.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_at: Option<String>,
    /// Positions that it has moved on by a second, over the last ten seconds.
    #[schema(example = 12.4)]
    per_second: Option<f64>,
    /// Seconds for which the same transaction has kept everything after it from
    /// being published.
    horizon_age_seconds: f64,
}

/// What the relay has published.
#[derive(Debug, Serialize, ToSchema)]
struct RelayPlace {
    /// Epoch of the last event that it has published; `null` where there is none.
    epoch: Option<i32>,
    /// Position of that event.
    position: Option<i64>,
    /// About how many events are stored and not published; `null` while the log
    /// does not answer.
    events: Option<u64>,
    /// Seconds since the first of them was recorded.
    seconds: Option<f64>,
    /// Positions of the log that it has come past a second lately; `null` where
    /// nobody asked within the last minute.
    per_second: Option<f64>,
    /// Platforms whose own topics lack something of what was published.
    platforms_behind: Vec<String>,
}

/// The log and the relay
///
/// The beginning of what an event goes through: where the log ends, how old its
/// horizon is, and how far the relay has published it. How far the projections are
/// is told by `GET /v1/admin/projections`. The same is on `/metrics` of the relay
/// that leads, as `orderlog_relay_lag_events`, `orderlog_relay_lag_seconds` and
/// `orderlog_log_horizon_age_seconds`; here it is known whether or not a relay
/// runs.
#[utoipa::path(
    get,
    path = "/v1/admin/pipeline",
    operation_id = "get_pipeline",
    tag = "admin",
    responses((status = 200, description = "Where both are", body = Pipeline), Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let pipeline = Pipeline {
        relay: state.relayed.look().await.map(RelayPlace::of),
        log: state.lag.log().map(LogPlace::of),
    };
    Ok(super::told(HttpResponse::Ok(), &pipeline))
}

impl LogPlace {
    fn of(log: OfLog) -> Self {
        Self {
            epoch: log.end.map(|end| end.epoch),
            position: log.end.map(|end| end.position),
            recorded_at: log.end.map(|end| rfc3339(end.recorded_at)),
            per_second: log.per_second,
            horizon_age_seconds: log.horizon_age.as_secs_f64(),
        }
    }
}

impl RelayPlace {
    fn of(sight: Sight) -> Self {
        let at = sight.progress.as_ref().map(|progress| progress.at);
        let behind: Option<Unpublished> = sight.behind;
        let platforms = sight.progress.into_iter();
        let platforms = platforms.flat_map(|progress| progress.platforms);
        let platforms = platforms.filter(|(_, platform)| platform.behind.is_some());
        Self {
            epoch: at.map(|at| at.epoch),
            position: at.map(|at| at.position),
            events: behind.map(|behind| behind.events),
            seconds: behind.map(|behind| behind.seconds),
            per_second: sight.per_second,
            platforms_behind: platforms.map(|(slug, _)| slug).collect(),
        }
    }
}
