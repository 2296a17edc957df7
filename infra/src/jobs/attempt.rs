//! One attempt at a job, from the moment it is taken to its conclusion.

use super::{
    concluder::Concluder,
    handler::{Context, Ended, Handler, JobError, Outcome},
    metrics,
    record::JobState,
    running::{Running, Watched},
    settings::Settings,
    stop::{Stop, StopReason},
    store::{Conclusion, TakenJob, Verdict},
    text::bounded,
};
use crate::traces::{Span, SpanKind};
use serde_json::Value;
use std::{any::Any, sync::Arc, time::Duration};
use tokio::{
    task::{JoinError, JoinHandle},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// Longest pause that a handler may ask for: a server's `Retry-After` is
/// anything.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// How long an attempt that was aborted may take to its next await.
const RELEASE: Duration = Duration::from_secs(1);

/// For others, at once; the attempt does not count.
const GIVEN_BACK: Verdict = Verdict::Again {
    pause: Duration::ZERO,
    error: None,
};

/// What attempts of a process share.
pub struct Attempts {
    pub settings: Settings,
    pub concluder: Concluder,
    pub running: Running,
    /// Cancelled when the process begins to end.
    pub draining: CancellationToken,
}

impl Attempts {
    /// Carries a job out and writes down what became of it. `taken_at` is from
    /// before it was taken.
    pub async fn attempt(&self, job: TakenJob, handler: Handler, taken_at: Instant) {
        let watched = Watched {
            lease: job.lease,
            stop: Stop::default(),
            progress: Arc::default(),
            ours_until: taken_at + self.settings.lease,
        };
        let _under_way = self.running.begin(job.id, watched.clone());
        let begun = Instant::now();
        let mut span = job_span(&job);
        let ended = self.carry_out(&job, &handler, &watched, &span).await;
        metrics::took(&job.kind, begun.elapsed());
        let verdict = verdict(&job, &handler, ended, watched.stop.reason());
        if verdict.is_failure() {
            span.failed("job");
        }
        drop(span);
        self.conclude(&job, verdict, watched.progress()).await;
    }

    /// Runs the handler to its end, or to where it is dropped.
    async fn carry_out(
        &self,
        job: &TakenJob,
        handler: &Handler,
        watched: &Watched,
        traced: &Span,
    ) -> Attempted {
        let context = Context {
            id: job.id,
            attempt: job.attempts,
            last_attempt: job.attempts >= job.max_attempts,
            traceparent: traced.traceparent().or_else(|| job.traceparent.clone()),
            correlation_id: job.correlation_id.clone(),
            progress_before: job.progress.clone(),
            stop: watched.stop.clone(),
            draining: self.draining.clone(),
            progress: watched.progress.clone(),
        };
        let span = tracing::info_span!(
            "job",
            job.id = %job.id,
            job.kind = job.kind,
            correlation.id = job.correlation_id.as_deref(),
            traceparent = job.traceparent.as_deref(),
        );
        // On a task of its own, all of it: a panic ends that, and nothing else.
        let (run, payload) = (handler.run.clone(), job.payload.clone());
        let work = async move { run(payload, context).await };
        let task = tokio::spawn(work.instrument(span));
        self.watch(task, &watched.stop, handler.kind.time_limit)
            .await
    }

    async fn watch(&self, mut task: JoinHandle<Ended>, stop: &Stop, limit: Duration) -> Attempted {
        tokio::select! {
            // What it says counts, also where its time is over by now.
            biased;
            ended = &mut task => return Attempted::of(ended),
            () = stop.token.cancelled() => {}
            () = sleep(limit) => stop.stop(StopReason::TimeLimit),
        }
        if let Ok(ended) = timeout(self.settings.grace, &mut task).await {
            return Attempted::of(ended);
        }
        task.abort();
        // It ends at its next await, or has just done so by itself.
        match timeout(RELEASE, task).await {
            Ok(joined) => Attempted::of(joined),
            Err(_) => Attempted::Dropped,
        }
    }

    async fn conclude(&self, job: &TakenJob, verdict: Verdict, progress: Option<String>) {
        let (id, kind, attempt) = (job.id, &job.kind, job.attempts);
        let error = match &verdict {
            Verdict::Again { error, .. } => error.clone(),
            Verdict::Dead(error) => Some(error.clone()),
            Verdict::Done(_) | Verdict::Cancelled => None,
        };
        let conclusion = Conclusion {
            id,
            lease: job.lease,
            verdict,
            progress,
        };
        let Some(state) = self.concluder.conclude(conclusion).await else {
            return lost(job);
        };
        // What was written, which may be another thing than what was said.
        let how = match (state, &error) {
            (JobState::Pending | JobState::Running, None) => "snoozed",
            (JobState::Pending | JobState::Running, Some(_)) => "retried",
            (end, _) => end.name(),
        };
        metrics::ended(kind, how, 1);
        match (how, error) {
            ("dead", error) => {
                let error = error.unwrap_or_else(|| "what it came to cannot be stored".to_owned());
                tracing::error!(job.id = %id, job.kind = kind, attempt, error, "job.dead");
            }
            (_, Some(error)) => {
                tracing::warn!(job.id = %id, job.kind = kind, attempt, error, "job.failed");
            }
            _ => tracing::debug!(job.id = %id, job.kind = kind, attempt, "job.{how}"),
        }
    }
}

/// The job is somebody else's by now, and so is its conclusion.
fn lost(job: &TakenJob) {
    metrics::ended(&job.kind, "lost", 1);
    tracing::warn!(job.id = %job.id, job.kind = job.kind, "job.lease_lost");
}

/// Of one attempt at a job, within the trace of what enqueued it; of those that
/// nothing did, as often as configured.
fn job_span(job: &TakenJob) -> Span {
    let name = || format!("process {}", job.kind).into();
    let mut span = match &job.traceparent {
        Some(cause) => Span::within(Some(cause), SpanKind::Consumer, name),
        None => Span::alone(SpanKind::Consumer, name),
    };
    if span.is_recorded() {
        span.messaging("orderlog", "process");
        span.set("messaging.message.id", job.id.to_string());
        span.set("orderlog.job.kind", job.kind.clone());
        span.set("orderlog.job.attempt", i64::from(job.attempts));
    }
    span
}

/// How a handler ended.
enum Attempted {
    Ended(Ended),
    Panicked(String),
    /// It did not end when it was told to.
    Dropped,
}

impl Attempted {
    fn of(joined: Result<Ended, JoinError>) -> Self {
        match joined {
            Ok(ended) => Self::Ended(ended),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => Self::Panicked(message_of(&*panic)),
                // It was aborted.
                Err(_) => Self::Dropped,
            },
        }
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("it panicked: {}", text.unwrap_or("with no text"))
}

/// What is to be written down, if the job is still ours then.
fn verdict(
    job: &TakenJob,
    handler: &Handler,
    ended: Attempted,
    stopped: Option<StopReason>,
) -> Verdict {
    let (why, after) = match (ended, stopped) {
        // Also where the lease is lost: by our clock it may be, by the
        // database's it is or is not.
        (Attempted::Ended(Ok(Outcome::Done(result))), _) => {
            return Verdict::Done(result.as_ref().map(Value::to_string));
        }
        // Whatever it says: it was told to end, through no fault of its own.
        (_, Some(StopReason::LeaseLost)) => return GIVEN_BACK,
        (_, Some(StopReason::Cancelled)) => return Verdict::Cancelled,
        (Attempted::Ended(Ok(Outcome::Snooze(pause))), _) => {
            let pause = pause.min(LONGEST_PAUSE);
            return Verdict::Again { pause, error: None };
        }
        (Attempted::Ended(Err(JobError::Permanent(why))), _) => {
            return Verdict::Dead(bounded(&why));
        }
        (Attempted::Panicked(why), _) => (why, None),
        (_, Some(StopReason::Draining)) => return GIVEN_BACK,
        (_, Some(StopReason::TimeLimit)) => {
            let limit = handler.kind.time_limit.as_secs_f64();
            (format!("it took longer than {limit} s"), None)
        }
        (Attempted::Ended(Err(JobError::Retry { why, after })), None) => (why, after),
        (Attempted::Dropped, None) => ("it was dropped".to_owned(), None),
    };
    if job.attempts >= job.max_attempts {
        return Verdict::Dead(bounded(&why));
    }
    let key = job.id.to_string();
    let asked = after.map(|asked| asked.min(LONGEST_PAUSE));
    let pause = handler.kind.retry.pause(&key, job.attempts, asked);
    Verdict::Again {
        pause,
        error: Some(bounded(&why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::{Job, Kind};
    use serde::{Deserialize, Serialize};
    use uuid::Uuid;

    #[derive(Serialize, Deserialize)]
    struct Nothing;

    impl Job for Nothing {
        const KIND: Kind = Kind::new("nothing");
    }

    fn of(attempts: u32, ended: Attempted, stopped: Option<StopReason>) -> Verdict {
        let handlers =
            crate::jobs::Handlers::new().with(|_: Nothing, _| async { Ok(Outcome::Done(None)) });
        let job = TakenJob {
            id: Uuid::nil(),
            kind: "nothing".into(),
            payload: Value::Null,
            attempts,
            max_attempts: 3,
            progress: None,
            traceparent: None,
            correlation_id: None,
            waited: 0.0,
            lease: Uuid::nil(),
        };
        verdict(&job, &handlers.0["nothing"], ended, stopped)
    }

    fn failed() -> Attempted {
        Attempted::Ended(Err(JobError::retry("no")))
    }

    #[test]
    fn the_last_failure_is_the_end_and_those_before_are_not() {
        let again = of(2, failed(), None);
        assert!(matches!(again, Verdict::Again { error: Some(_), .. }));
        assert_eq!(of(3, failed(), None), Verdict::Dead("no".into()));
        let permanent = Attempted::Ended(Err(JobError::permanent("never")));
        assert_eq!(of(1, permanent, None), Verdict::Dead("never".into()));
    }

    #[test]
    fn whoever_may_have_lost_the_lease_says_that_it_is_done_or_nothing() {
        let lost = Some(StopReason::LeaseLost);
        let done = Attempted::Ended(Ok(Outcome::Done(None)));
        assert_eq!(of(1, done, lost), Verdict::Done(None));
        let permanent = Attempted::Ended(Err(JobError::permanent("my server is gone")));
        for ended in [failed(), permanent, Attempted::Dropped] {
            assert_eq!(of(3, ended, lost), GIVEN_BACK);
        }
    }

    #[test]
    fn what_a_drain_ends_does_not_count() {
        for ended in [failed(), Attempted::Dropped] {
            assert_eq!(of(3, ended, Some(StopReason::Draining)), GIVEN_BACK);
        }
    }

    #[test]
    fn a_cancelled_job_that_was_done_all_the_same_is_done() {
        let done = Attempted::Ended(Ok(Outcome::Done(None)));
        let verdict = of(1, done, Some(StopReason::Cancelled));
        assert_eq!(verdict, Verdict::Done(None));
        let verdict = of(1, failed(), Some(StopReason::Cancelled));
        assert_eq!(verdict, Verdict::Cancelled);
    }

    #[test]
    fn a_pause_that_was_asked_for_is_kept_up_to_a_day() {
        let seven = Duration::from_secs(7);
        for (asked, kept) in [(seven, seven), (Duration::MAX, LONGEST_PAUSE)] {
            let ended = Attempted::Ended(Err(JobError::retry_after("busy\0", asked)));
            let Verdict::Again { pause, error } = of(1, ended, None) else {
                panic!("it is not tried again");
            };
            // Spread, so that not all who were told the same come back at once.
            assert!((kept..kept + Duration::from_secs(2)).contains(&pause));
            assert_eq!(error.as_deref(), Some("busy\u{fffd}"));
        }
        let snoozed = Attempted::Ended(Ok(Outcome::Snooze(Duration::MAX)));
        let again = Verdict::Again {
            pause: LONGEST_PAUSE,
            error: None,
        };
        assert_eq!(of(1, snoozed, None), again);
    }
}
