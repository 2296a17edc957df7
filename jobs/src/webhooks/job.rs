//! The job that sends what is due to one endpoint.

use super::{client::Sender, metrics, schedule};
use crate::work::{Running, told_to_end};
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use infra::{
    clock,
    jobs::{
        self, Announcer, Context, Ended, Enqueued, Job, JobError, Kind, NewJob, Outcome, Priority,
    },
    lifecycle::{Lifecycle, error_chain},
    retry::RetryPolicy,
    sealing::MasterKey,
    webhooks::{
        self, Concluded, DisabledBy, Due, Endpoint, EndpointState, Sealed, StoreError, Target,
        Verdict,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Where its jobs wait.
pub const QUEUE: &str = "webhooks";
/// How often somebody looks for endpoints that nobody attends to.
const LOOK: Duration = Duration::from_secs(1);
/// Deliveries that are read ahead of each request.
const AHEAD: i64 = 4;
/// How long is waited for requests that are under way before a look at what has
/// come since.
const PATIENCE: Duration = Duration::from_millis(250);
/// Deliveries that are skipped or failed in one statement: its locks are short.
const SKIPPED: i64 = 1_000;
/// Endpoints that a process sends to at once: one that hangs holds its place for
/// a time-out, then rests.
pub const AT_ONCE: usize = 64;
/// After this long whoever sends makes room for other endpoints. Longer than a
/// request may take.
const TURN: Duration = Duration::from_secs(30);

/// Sends what is due to an endpoint.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Deliver {
    /// Which.
    pub endpoint: Uuid,
}

impl Job for Deliver {
    const KIND: Kind = Kind {
        queue: QUEUE,
        priority: Priority::Normal,
        time_limit: Duration::from_mins(10),
        retry: RetryPolicy {
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(1),
            give_up_after: Duration::MAX,
        },
        ..Kind::new("webhooks.deliver")
    };
}

/// Enqueues a job for each endpoint, but where there is one.
pub async fn attend(
    connection: &mut PgConnection,
    endpoints: &[Uuid],
) -> Result<Enqueued, AttendError> {
    let job = |&endpoint: &Uuid| {
        let job = NewJob::of(&Deliver { endpoint })?;
        Ok::<_, serde_json::Error>(job.unique(endpoint.to_string()))
    };
    let new: Vec<NewJob> = endpoints.iter().map(job).collect::<Result<_, _>>()?;
    Ok(jobs::enqueue(connection, &new).await?)
}

/// Why no job could be enqueued.
#[derive(Debug, thiserror::Error)]
pub enum AttendError {
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Never: ids have a JSON form.
    #[error(transparent)]
    Payload(#[from] serde_json::Error),
}

/// Looks for endpoints that have something due and nobody to send it, until the
/// lifecycle ends.
pub fn spawn(ops: PgPool, announcer: Announcer, lifecycle: &Lifecycle) {
    metrics::describe();
    let shutdown = lifecycle.shutdown.clone();
    lifecycle.spawn("webhooks", async move {
        while shutdown.run_until_cancelled(sleep(LOOK)).await.is_some() {
            if let Err(error) = look(&ops, &announcer).await {
                tracing::debug!(error = error_chain(&error), "webhooks.unavailable");
            }
        }
        Ok(())
    });
}

async fn look(ops: &PgPool, announcer: &Announcer) -> Result<(), AttendError> {
    let unattended = webhooks::unattended(ops).await?;
    let enqueued = attend(&mut *ops.acquire().await?, &unattended).await?;
    metrics::waiting(enqueued.ids.iter().flatten().count());
    for (state, endpoints) in webhooks::counts(ops).await? {
        metrics::endpoints(state, endpoints);
    }
    announcer.announce(&enqueued).await;
    Ok(())
}

/// What carries the job out.
#[derive(Clone)]
pub struct Delivering {
    /// Where endpoints and deliveries are.
    pub ops: PgPool,
    /// Opens their secrets.
    pub key: Arc<MasterKey>,
    /// Sends requests.
    pub sender: Sender,
}

/// What carries the job out, with everything that it needs.
pub fn deliver(with: Delivering) -> impl Fn(Deliver, Context) -> Running + Send + Sync {
    move |job, context| {
        let with = with.clone();
        Box::pin(async move {
            let stop = context.stop_token();
            let sending = with.deliver(job.endpoint, &context);
            match stop.run_until_cancelled(sending).await {
                Some(ended) => ended,
                // Requests that were cut off are sent again.
                None => Err(told_to_end()),
            }
        })
    }
}

impl Delivering {
    async fn deliver(&self, id: Uuid, context: &Context) -> Ended {
        let target = match webhooks::target(&self.ops, &self.key, id).await {
            Ok(Some(target)) => target,
            Ok(None) => return self.skip(id).await,
            Err(error) => return self.unreadable(id, &error).await,
        };
        let turn = Turn {
            with: self,
            target: Arc::new(target),
            began: Instant::now(),
            delivered: 0,
            failed: 0,
        };
        turn.run(context).await
    }

    /// The end of a job that could not read its endpoint. Another worker may have the
    /// master key that its secret was sealed with: the job is tried again until nobody
    /// is expected to.
    async fn unreadable(&self, id: Uuid, error: &StoreError) -> Ended {
        let why = error_chain(error);
        if matches!(error, StoreError::Sealed { .. }) && self.fail_sealed(id).await? {
            return Err(JobError::permanent(why));
        }
        Err(JobError::retry(why))
    }

    /// Fails what waits for an endpoint whose secret is no use. False where it may yet
    /// be opened.
    async fn fail_sealed(&self, id: Uuid) -> Result<bool, sqlx::Error> {
        loop {
            match webhooks::fail_sealed(&self.ops, &self.key, id, SKIPPED).await? {
                Sealed::Waits => return Ok(false),
                Sealed::More => {}
                Sealed::Failed(endpoint) => {
                    if endpoint.state == EndpointState::Disabled {
                        disabled(&endpoint);
                    }
                    return Ok(true);
                }
            }
        }
    }

    /// Notes what an endpoint misses that is disabled or deleted.
    async fn skip(&self, id: Uuid) -> Ended {
        let mut skipped = 0;
        loop {
            let some = webhooks::skip_pending(&self.ops, id, SKIPPED).await?;
            skipped += some;
            if some == 0 {
                return Ok(Outcome::Done(Some(json!({ "skipped": skipped }))));
            }
        }
    }
}

/// Requests to one endpoint, one after the other or at once.
struct Turn<'a> {
    with: &'a Delivering,
    /// Shared with the requests under way.
    target: Arc<Target>,
    began: Instant,
    delivered: u64,
    failed: u64,
}

impl Turn<'_> {
    async fn run(mut self, context: &Context) -> Ended {
        let draining = context.draining();
        let (mut ahead, mut sending) = (VecDeque::new(), BTreeSet::new());
        let mut requests = FuturesUnordered::new();
        // Requests that are under way end before the job does.
        let mut unreadable = None;
        loop {
            let goes_on = unreadable.is_none() && !draining.is_cancelled() && !self.is_over();
            if goes_on && ahead.is_empty() {
                // With the secrets that it has now.
                let id = self.target.endpoint.id;
                match webhooks::target(&self.with.ops, &self.with.key, id).await {
                    Ok(Some(target)) => {
                        self.target = Arc::new(target);
                        ahead.extend(self.due(&sending).await?);
                    }
                    Ok(None) => self.endpoint().state = EndpointState::Disabled,
                    Err(error) => unreadable = Some(error),
                }
            }
            while goes_on && requests.len() < self.at_once() {
                let Some(due) = ahead.pop_front() else { break };
                sending.insert(due.id);
                let job = context.traceparent.clone();
                let (sender, target) = (self.with.sender.clone(), self.target.clone());
                requests.push(request(job, sender, target, due));
            }
            // Where one takes long, what comes meanwhile is sent beside it.
            let patience = if goes_on && requests.len() < self.at_once() {
                PATIENCE
            } else {
                TURN
            };
            let first = match timeout(patience, requests.next()).await {
                Ok(Some(first)) => first,
                Ok(None) => break,
                Err(_) => continue,
            };
            // Those that have ended as well are written with it.
            let mut ended = vec![first];
            while let Some(Some(next)) = requests.next().now_or_never() {
                ended.push(next);
            }
            for concluded in &ended {
                sending.remove(&concluded.delivery);
            }
            self.conclude(&ended).await?;
        }
        if self.target.endpoint.state == EndpointState::Disabled {
            return self.with.skip(self.target.endpoint.id).await;
        }
        if let Some(error) = unreadable {
            return self.with.unreadable(self.target.endpoint.id, &error).await;
        }
        let told = json!({ "delivered": self.delivered, "failed": self.failed });
        let unfinished = draining.is_cancelled() || self.began.elapsed() >= TURN;
        Ok(if unfinished && !self.rests() {
            Outcome::Snooze(Duration::ZERO)
        } else {
            Outcome::Done(Some(told))
        })
    }

    fn endpoint(&mut self) -> &mut Endpoint {
        &mut Arc::make_mut(&mut self.target).endpoint
    }

    async fn due(&self, sending: &BTreeSet<Uuid>) -> Result<Vec<Due>, sqlx::Error> {
        let sending: Vec<Uuid> = sending.iter().copied().collect();
        let limit = AHEAD * i64::from(self.target.endpoint.concurrency);
        webhooks::due(&self.with.ops, &self.target.endpoint, &sending, limit).await
    }

    /// Requests at once: of an endpoint that has failed so often that it was
    /// left alone one, until it succeeds.
    fn at_once(&self) -> usize {
        let endpoint = &self.target.endpoint;
        if endpoint.rests_until.is_some() {
            1
        } else {
            usize::try_from(endpoint.concurrency).unwrap_or(1)
        }
    }

    fn rests(&self) -> bool {
        let until = self.target.endpoint.rests_until;
        until.is_some_and(|until| until > clock::now())
    }

    fn is_over(&self) -> bool {
        self.target.endpoint.state == EndpointState::Disabled
            || self.began.elapsed() >= TURN
            || self.rests()
    }

    async fn conclude(&mut self, ended: &[Concluded]) -> Result<(), sqlx::Error> {
        let (before, rested) = (self.target.endpoint.state, self.rests());
        let noted = webhooks::conclude(&self.with.ops, self.target.endpoint.id, ended).await?;
        *self.endpoint() = noted;
        for concluded in ended {
            match concluded.verdict {
                Verdict::Delivered => self.delivered += 1,
                Verdict::Again(_) | Verdict::Failed => self.failed += 1,
            }
        }
        let endpoint = &self.target.endpoint;
        let by_itself = matches!(
            endpoint.disabled_by,
            Some(DisabledBy::Gone | DisabledBy::Failing)
        );
        if endpoint.state != before && by_itself {
            disabled(endpoint);
        } else if self.rests() && !rested {
            metrics::rests();
            tracing::info!(endpoint.id = %endpoint.id, failures = endpoint.failures, "webhook.rests");
        }
        Ok(())
    }
}

/// Tells that an endpoint was, by itself.
fn disabled(endpoint: &Endpoint) {
    metrics::disabled();
    tracing::warn!(endpoint.id = %endpoint.id, by = ?endpoint.disabled_by, "webhook.disabled");
}

async fn request(job: Option<String>, sender: Sender, target: Arc<Target>, due: Due) -> Concluded {
    let url = target.endpoint.url.clone();
    let sent = sender
        .send_within(job.as_deref(), &url, &target.secrets, &due)
        .await;
    let delivered = sent.is_delivered();
    let took = u64::try_from(sent.attempt.duration_ms).unwrap_or_default();
    metrics::attempted(delivered, Duration::from_millis(took));
    let failed = usize::try_from(due.attempts).unwrap_or_default() + 1;
    let verdict = if delivered {
        Verdict::Delivered
    } else {
        let pause = schedule::pause(failed, sent.asked, rand::random());
        pause.map_or(Verdict::Failed, |pause| Verdict::Again(pause.as_secs_f64()))
    };
    Concluded {
        delivery: due.id,
        url,
        asked: schedule::rest(sent.attempt.status, sent.asked),
        attempt: sent.attempt,
        verdict,
    }
}
