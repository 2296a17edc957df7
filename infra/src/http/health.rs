//! Health: is it alive, has it started, can it serve.

use super::problem_types;
use crate::{postgres::Pools, telemetry};
use actix_web::{
    HttpResponse,
    http::header::CACHE_CONTROL,
    web::{self, ServiceConfig},
};
use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

const READY: &str = "orderlog_ready";
/// How long one check may take.
const CHECK_TIME: Duration = Duration::from_secs(2);

type CheckFuture = BoxFuture<'static, Result<(), String>>;

/// What a role depends on: named checks that `/readyz` runs, each bounded by
/// two seconds. Cheap to clone; checks may be added at any time.
#[derive(Clone, Default)]
pub struct Readiness(Arc<State>);

#[derive(Default)]
struct State {
    checks: RwLock<Vec<Arc<Check>>>,
    draining: CancellationToken,
    started: AtomicBool,
}

struct Check {
    name: String,
    needed: Needed,
    failing: AtomicBool,
    /// Whether it has been there once.
    seen: AtomicBool,
    run: Box<dyn Fn() -> CheckFuture + Send + Sync>,
}

/// When a role cannot serve without something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needed {
    Always,
    /// Until it was there once.
    First,
    Never,
}

/// What `/readyz` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `ok`, `failed` or `draining`.
    pub status: &'static str,
    /// `ok`, `degraded` (it can do without, by now) or `failed`, by name.
    pub checks: BTreeMap<String, &'static str>,
}

impl Readiness {
    /// No checks: ready as soon as it listens.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds something that the role cannot serve without.
    #[must_use]
    pub fn check<F, Fut, E>(self, name: impl Into<String>, run: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        self.add(name.into(), Needed::Always, run)
    }

    /// Adds something that the role can do without: reported, never a reason
    /// for 503.
    #[must_use]
    pub fn check_optional<F, Fut, E>(self, name: impl Into<String>, run: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        self.add(name.into(), Needed::Never, run)
    }

    /// Adds something that the role cannot begin without, and goes on without: a reason
    /// for 503 until it was there once, and only reported from then on.
    #[must_use]
    pub fn check_first<F, Fut, E>(self, name: impl Into<String>, run: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        self.add(name.into(), Needed::First, run)
    }

    /// Adds a database.
    #[must_use]
    pub fn postgres(self, name: impl Into<String>, pool: sqlx::PgPool) -> Self {
        self.check(name, move || {
            let pool = pool.clone();
            async move { sqlx::query("SELECT 1").execute(&pool).await.map(|_| ()) }
        })
    }

    /// From now on `/readyz` is 503: no new work, please.
    pub fn drain(&self) {
        self.0.draining.cancel();
        set_ready(false);
    }

    /// Cancelled when the role is about to end.
    pub fn draining(&self) -> CancellationToken {
        self.0.draining.clone()
    }

    /// Whether the role is about to end.
    pub fn is_draining(&self) -> bool {
        self.0.draining.is_cancelled()
    }

    /// Runs every check at once, and has the metric say what came of it.
    pub async fn report(&self) -> Report {
        let checks: Vec<_> = {
            let checks = self.0.checks.read().unwrap_or_else(PoisonError::into_inner);
            checks.clone()
        };
        let results = join_all(checks.iter().map(|check| check.result())).await;
        let failed = results.contains(&"failed");
        if !failed {
            self.0.started.store(true, Ordering::Relaxed);
        }
        let status = match (self.is_draining(), failed) {
            (true, _) => "draining",
            (false, true) => "failed",
            (false, false) => "ok",
        };
        set_ready(status == "ok");
        let names = checks.iter().map(|check| check.name.clone());
        Report {
            status,
            checks: names.zip(results).collect(),
        }
    }

    /// Whether it has been ready once.
    async fn started(&self) -> bool {
        self.0.started.load(Ordering::Relaxed) || {
            self.report().await;
            self.0.started.load(Ordering::Relaxed)
        }
    }

    fn add<F, Fut, E>(self, name: String, needed: Needed, run: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        let check = Arc::new(Check {
            name,
            needed,
            failing: AtomicBool::new(false),
            seen: AtomicBool::new(false),
            run: Box::new(move || run().map(|r| r.map_err(|e| e.to_string())).boxed()),
        });
        let mut checks = self
            .0
            .checks
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        checks.push(check);
        drop(checks);
        self
    }
}

impl Check {
    async fn result(&self) -> &'static str {
        let result = tokio::time::timeout(CHECK_TIME, (self.run)()).await;
        let reason = match result {
            Ok(Ok(())) => None,
            Ok(Err(reason)) => Some(reason),
            Err(_) => Some(format!("no answer within {CHECK_TIME:?}")),
        };
        // Logged when it changes, not each time somebody asks.
        let was_failing = self.failing.swap(reason.is_some(), Ordering::Relaxed);
        match (&reason, was_failing) {
            (Some(reason), false) => tracing::warn!(check = self.name, reason, "health.failing"),
            (None, true) => tracing::info!(check = self.name, "health.recovered"),
            _ => {}
        }
        if reason.is_none() {
            self.seen.store(true, Ordering::Relaxed);
            return "ok";
        }
        let needed = match self.needed {
            Needed::Always => true,
            Needed::First => !self.seen.load(Ordering::Relaxed),
            Needed::Never => false,
        };
        if needed { "failed" } else { "degraded" }
    }
}

/// Tells the exporter what the name means; it is not ready before it was looked at.
pub(super) fn describe() {
    metrics::describe_gauge!(READY, "What /readyz says: 1 for 200");
    set_ready(false);
}

fn set_ready(ready: bool) {
    metrics::gauge!(READY).set(f64::from(u8::from(ready)));
}

/// `/livez`, `/startupz`, `/readyz`, `/metrics` and the pages of the common
/// problems: open to everybody.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/livez", web::get().to(livez))
        .route("/startupz", web::get().to(startupz))
        .route("/readyz", web::get().to(readyz))
        .route("/metrics", web::get().to(told));
    problem_types::pages(config);
}

async fn livez() -> HttpResponse {
    answer(true, serde_json::json!({"status": "ok"}))
}

async fn startupz(ready: web::Data<Readiness>) -> HttpResponse {
    let started = ready.started().await;
    let status = if started { "ok" } else { "starting" };
    answer(started, serde_json::json!({ "status": status }))
}

async fn readyz(ready: web::Data<Readiness>) -> HttpResponse {
    let report = ready.report().await;
    answer(report.status == "ok", report)
}

async fn told(pools: web::Data<Pools>) -> HttpResponse {
    pools.measure();
    match telemetry::metrics() {
        Ok(handle) => HttpResponse::Ok()
            .content_type("text/plain; version=0.0.4; charset=utf-8")
            .body(handle.render()),
        Err(error) => super::Problem::internal(error).response(None, None),
    }
}

fn answer(ok: bool, body: impl Serialize) -> HttpResponse {
    let mut response = if ok {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_required_checks_decide() {
        let ready = Readiness::new()
            .check("views", || async { Ok::<_, String>(()) })
            .check_optional("redis", || async { Err("gone") });
        let report = ready.report().await;
        assert_eq!((report.status, report.checks["redis"]), ("ok", "degraded"));
        assert!(ready.started().await);

        let ready = ready.check("ops", || async { Err("gone") });
        let report = ready.report().await;
        assert_eq!((report.status, report.checks["ops"]), ("failed", "failed"));
        ready.drain();
        assert_eq!(ready.report().await.status, "draining");
    }

    #[tokio::test]
    async fn what_is_needed_first_may_go_once_it_was_there() {
        let there = Arc::new(AtomicBool::new(false));
        let seen = there.clone();
        let ready = Readiness::new().check_first("api", move || {
            let there = seen.load(Ordering::Relaxed);
            async move { there.then_some(()).ok_or("away") }
        });
        let mut told = Vec::new();
        for is_there in [false, true, false] {
            there.store(is_there, Ordering::Relaxed);
            let report = ready.report().await;
            told.push((report.status, report.checks["api"]));
        }
        let expected = [("failed", "failed"), ("ok", "ok"), ("ok", "degraded")];
        assert_eq!(told, expected);
    }
}
