//! The job that asks what people ask.

use super::metrics;
use crate::{
    reads::{ReadClient, ReadError},
    work::{Running, told_to_end},
};
use infra::{
    asked::{self, PREFETCH, rank},
    clock,
    jobs::{Context, Ended, Job, Kind, Outcome, Priority, Progress},
    lifecycle::error_chain,
};
use reqwest::{Response, header::IF_NONE_MATCH};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a run asks: what is asked most has its turn first, and the rest another
/// time.
const BUDGET: Duration = Duration::from_mins(2);

/// Has the answers to so many questions ready.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct WarmUp {
    /// 0: to none.
    pub most: usize,
}

impl Job for WarmUp {
    const KIND: Kind = Kind {
        queue: "maintenance",
        priority: Priority::Low,
        max_attempts: 3,
        time_limit: Duration::from_mins(4),
        ..Kind::new("statistics.warm_up")
    };
}

/// What warms up.
#[derive(Clone)]
pub struct Warming {
    /// Where it is noted what people ask.
    pub ops: PgPool,
    /// Who answers, and keeps the answers.
    pub reads: Arc<ReadClient>,
}

/// What carries the job out.
pub fn warm_up(with: Warming) -> impl Fn(WarmUp, Context) -> Running + Send + Sync {
    move |job, context| {
        let with = with.clone();
        Box::pin(async move { with.warm_up(job, &context).await })
    }
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// The answer was not there, or was old.
    Computed,
    /// It was there.
    Fresh,
    /// There is none.
    Failed,
}

#[derive(Debug, Default)]
struct Counts {
    computed: u64,
    fresh: u64,
    failed: u64,
}

impl Warming {
    async fn warm_up(&self, job: WarmUp, context: &Context) -> Ended {
        if job.most == 0 {
            return Ok(Outcome::Done(Some(
                json!({ "off": "warm_statistics is 0" }),
            )));
        }
        let (began, today) = (Instant::now(), clock::now().date());
        asked::forget(&self.ops).await?;
        let questions = rank(&asked::noted(&self.ops, today).await?, today, job.most);
        let (mut counts, mut left) = (Counts::default(), questions.len());
        for question in &questions {
            if context.stop_token().is_cancelled() {
                return Err(told_to_end());
            }
            // The next run is in a few minutes.
            if context.draining().is_cancelled() || began.elapsed() > BUDGET {
                break;
            }
            counts.add(self.ask(question).await?);
            left -= 1;
            context.progress(counts.progress(questions.len()));
        }
        metrics::took(began.elapsed());
        Ok(Outcome::Done(Some(json!({
            "questions": questions.len(), "computed": counts.computed, "fresh": counts.fresh,
            "failed": counts.failed, "left": left,
        }))))
    }

    /// Asks as people do, but for the answer itself: whatever its tag is, it is had
    /// already.
    ///
    /// # Errors
    /// Where it is not the question that is at fault.
    async fn ask(&self, question: &str) -> Result<Told, ReadError> {
        let request = self.reads.get(question).header(IF_NONE_MATCH, "*");
        let (purpose, prefetch) = PREFETCH;
        match self.reads.ask(request.header(purpose, prefetch)).await {
            Ok(response) => Ok(told(&response)),
            // It takes too long, say, or is none of this release any more.
            Err(error) if error.is_of_the_question() => Ok(failed(question, &error)),
            Err(error @ ReadError::Away { asked: Some(_), .. }) => Ok(failed(question, &error)),
            Err(error) => Err(error),
        }
    }
}

fn told(response: &Response) -> Told {
    let status = response.headers().get("cache-status");
    let status = status.and_then(|status| status.to_str().ok());
    of_status(status.unwrap_or_default())
}

/// By what the cache had (RFC 9211).
fn of_status(status: &str) -> Told {
    let mut parts = status.split(';').map(str::trim);
    if parts.any(|part| part == "hit") {
        Told::Fresh
    } else {
        Told::Computed
    }
}

fn failed(question: &str, error: &ReadError) -> Told {
    let error = error_chain(error);
    tracing::debug!(question, error, "warm_up.not_answered");
    Told::Failed
}

impl Counts {
    fn add(&mut self, told: Told) {
        let (count, name) = match told {
            Told::Computed => (&mut self.computed, "computed"),
            Told::Fresh => (&mut self.fresh, "fresh"),
            Told::Failed => (&mut self.failed, "failed"),
        };
        *count += 1;
        metrics::asked(name, 1);
    }

    fn progress(&self, questions: usize) -> Progress {
        let Self {
            computed,
            fresh,
            failed,
        } = self;
        Progress {
            done: computed + fresh + failed,
            total: u64::try_from(questions).ok(),
            text: format!("{computed} computed, {fresh} were there, {failed} failed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cache_had_is_told_by_its_status() {
        for (status, told) in [
            ("orderlog; hit", Told::Fresh),
            ("orderlog; hit; detail=recomputing", Told::Fresh),
            ("orderlog; fwd=miss", Told::Computed),
            ("orderlog; fwd=stale", Told::Computed),
            ("orderlog; fwd=bypass", Told::Computed),
            ("", Told::Computed),
        ] {
            assert_eq!(of_status(status), told, "{status}");
        }
    }
}
