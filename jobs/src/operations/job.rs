//! The job that carries an operation out.

use super::{
    input::{Input, Is, Item, unreadable},
    metrics,
    people::Step,
    results::{Keeping, Of, Part},
};
use crate::{
    bulk::{Answer, Attempt, BulkClient, BulkError, BulkLine},
    work::{Running, told_to_end},
};
use futures_util::TryStreamExt as _;
use infra::{
    jobs::{Context, Ended, JobError, Outcome, Progress},
    lifecycle::error_chain,
    objects::Objects,
    operations::{
        self, LineCheck, OperationError, OperationKind, OperationPhase, OperationState,
        RunAboutSomebody, RunImport, RunOperation, SentFor, Work, folder,
    },
    people::Views,
    redis::Redis,
};
use reqwest::StatusCode;
use sqlx::PgPool;
use std::{
    collections::HashSet,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Lines of a part: so many are sent again at most where a worker is killed.
const PART: i64 = 2_000;
/// Bytes of them, unless one alone is more.
const PART_BYTES: usize = 4 << 20;
/// Times that a line is answered 500 before that is its result.
const DEFECTS: u8 = 5;
/// How often somebody looks whether it was cancelled.
const LOOK: Duration = Duration::from_millis(500);
/// After this long whoever carries one out makes room for others.
const TURN: Duration = Duration::from_mins(10);

/// What carries operations out.
#[derive(Clone)]
pub struct Operating {
    /// Where they are.
    pub ops: PgPool,
    /// Where their lines and results are.
    pub objects: Objects,
    /// Knows what lines have to look like.
    pub lines: Arc<dyn LineCheck>,
    /// Carries lines out.
    pub commands: Arc<BulkClient>,
    /// The same, and stores nothing.
    pub rehearsals: Arc<BulkClient>,
    /// Knows whose orders are whose.
    pub views: Arc<dyn Views>,
    /// Has copies of orders.
    pub redis: Redis,
    /// For how many days they are kept.
    pub days: f64,
}

/// What carries the job of an operation about somebody out.
pub fn operate_about_somebody(
    with: Operating,
) -> impl Fn(RunAboutSomebody, Context) -> Running + Send + Sync {
    move |job, context| {
        let with = with.clone();
        Box::pin(async move { Box::pin(with.operate(job.operation, &context)).await })
    }
}

/// What carries the job of an import out.
pub fn operate_import(with: Operating) -> impl Fn(RunImport, Context) -> Running + Send + Sync {
    move |job, context| {
        let with = with.clone();
        Box::pin(async move { Box::pin(with.operate(job.operation, &context)).await })
    }
}

/// What carries the job out, with everything that it needs.
pub fn operate(with: Operating) -> impl Fn(RunOperation, Context) -> Running + Send + Sync {
    move |job, context| {
        let with = with.clone();
        Box::pin(async move { Box::pin(with.operate(job.operation, &context)).await })
    }
}

/// How far it came.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// Each line has its result.
    Complete,
    /// It was told to end.
    Halted,
    /// Others have a turn.
    Later,
}

impl Operating {
    async fn operate(&self, id: Uuid, context: &Context) -> Ended {
        let Some(work) = operations::begin(&self.ops, id).await? else {
            tidy(&self.ops, &self.objects, id).await?;
            return Ok(Outcome::Done(None));
        };
        let with = self.on_behalf(&work, context);
        Box::pin(with.go_on(id, work, context)).await
    }

    /// The same with no more rights than whoever has asked for the operation had, as
    /// part of the trace of that.
    fn on_behalf(&self, work: &Work, context: &Context) -> Self {
        let traceparent = context.traceparent.as_deref();
        let client = |client: &BulkClient| Arc::new(client.on_behalf(&work.scopes, traceparent));
        Self {
            commands: client(&self.commands),
            rehearsals: client(&self.rehearsals),
            ..self.clone()
        }
    }

    async fn go_on(&self, id: Uuid, mut work: Work, context: &Context) -> Ended {
        if work.cancel_requested && !work.has_open_part() {
            return self.finish(&work, CANCELLED).await;
        }
        if !work.prepared {
            match self.prepare(&mut work, context).await? {
                Step::Done => {}
                Step::Later(pause, why) => return Ok(later(context, pause, why)),
                Step::Ended(finish) => return self.finish(&work, finish).await,
            }
        }
        let halt = context.stop_token().child_token();
        let end = tokio::select! {
            end = self.carry_out(&mut work, context, &halt) => end?,
            () = self.watch(id, &halt) => pending().await,
        };
        match end {
            End::Complete => {
                if let Step::Later(pause, why) = self.take_back(&work).await? {
                    return Ok(later(context, pause, why));
                }
                let finish = if work.rejects() {
                    rejected_by(&work)
                } else {
                    self.as_found(&work).await?
                };
                self.finish(&work, finish).await
            }
            End::Halted if operations::is_cancelled(&self.ops, id).await? => {
                self.finish(&work, CANCELLED).await
            }
            End::Halted => Err(told_to_end()),
            End::Later => Ok(Outcome::Snooze(Duration::ZERO)),
        }
    }

    /// What an operation comes to whose lines have results. An erasure is none as long
    /// as an order shows what was to be erased.
    async fn as_found(&self, work: &Work) -> Result<Finish, JobError> {
        if work.kind != OperationKind::Erasure {
            return Ok(SUCCEEDED);
        }
        let shown = operations::find(&self.ops, work.id).await?;
        let failed = shown.map_or(0, |operation| operation.progress.failed);
        Ok(if failed > 0 {
            not_erased(failed)
        } else {
            SUCCEEDED
        })
    }

    /// Tells the job to end once somebody has cancelled the operation.
    async fn watch(&self, id: Uuid, halt: &CancellationToken) {
        loop {
            sleep(LOOK).await;
            // A database that does not answer is found by who works.
            if operations::is_cancelled(&self.ops, id)
                .await
                .unwrap_or(false)
            {
                halt.cancel();
                return pending().await;
            }
        }
    }

    async fn carry_out(
        &self,
        work: &mut Work,
        context: &Context,
        halt: &CancellationToken,
    ) -> Result<End, JobError> {
        let mut turn = Turn {
            with: self,
            work,
            context,
            halt,
            began: Instant::now(),
        };
        if turn.work.phase == OperationPhase::Validating
            && let Some(end) = turn.validate().await?
        {
            return Ok(end);
        }
        if turn.work.dry_run && !turn.work.rejects() {
            turn.rehearse().await
        } else {
            turn.execute().await
        }
    }

    async fn finish(&self, work: &Work, (state, error): Finish) -> Ended {
        let (id, days) = (work.id, self.days);
        if !operations::finish(&self.ops, (id, work.parts), (state, error), days).await? {
            // Whoever carries it out needs its lines; if it has come to its end,
            // the next attempt sees that and tidies.
            return Err(JobError::retry(SOMEBODY_ELSE));
        }
        metrics::ended(state);
        tracing::info!(operation.id = %id, state = state.name(), "operation.ended");
        tidy(&self.ops, &self.objects, id).await?;
        Ok(Outcome::Done(None))
    }
}

/// Deletes what nobody needs any more once an operation has come to its end: the
/// lines, which hold names and addresses, and results of attempts that did not
/// count.
pub async fn tidy(ops: &PgPool, objects: &Objects, id: Uuid) -> Result<(), JobError> {
    let parts = operations::parts(ops, id).await?;
    let parts: HashSet<String> = parts.into_iter().collect();
    let mut stored = objects.list(&folder(id));
    while let Some(object) = stored.try_next().await.map_err(|e| unreadable(&e))? {
        if !parts.contains(&object.name) {
            let deleted = objects.delete(&object.name).await;
            deleted.map_err(|error| unreadable(&error))?;
        }
    }
    Ok(())
}

/// Why nothing more is done here, where the row is no longer as it was left.
pub const SOMEBODY_ELSE: &str = "somebody else carries it out";

/// What an operation comes to.
pub type Finish = (OperationState, Option<OperationError>);

const SUCCEEDED: Finish = (OperationState::Succeeded, None);
pub const CANCELLED: Finish = (OperationState::Cancelled, None);

/// Makes room for others, and says why.
fn later(context: &Context, pause: Duration, why: String) -> Outcome {
    context.progress(Progress {
        done: 0,
        total: None,
        text: why,
    });
    Outcome::Snooze(pause)
}

fn not_erased(failed: i64) -> Finish {
    let error = OperationError {
        code: "not_erased".to_owned(),
        detail: format!(
            "{failed} orders could not be written anew, as their results say: their keys are \
             deleted, and copies of them are readable. Ask for it again once that is mended"
        ),
    };
    (OperationState::Failed, Some(error))
}

fn rejected_by(work: &Work) -> Finish {
    let invalid = work.invalid.unwrap_or_default();
    let error = OperationError {
        code: "invalid_lines".to_owned(),
        detail: format!("{invalid} lines cannot be carried out, so none was"),
    };
    (OperationState::Failed, Some(error))
}

/// What carries out an operation until it makes room for others.
pub struct Turn<'a> {
    pub with: &'a Operating,
    pub work: &'a mut Work,
    pub context: &'a Context,
    pub halt: &'a CancellationToken,
    began: Instant,
}

/// Lines that are sent together.
#[derive(Default)]
struct Batch {
    items: Vec<Item>,
    bytes: usize,
    at_end: bool,
}

/// A line of a batch, and its place there.
struct ToSend<'a> {
    at: usize,
    key: &'a str,
    text: &'a [u8],
}

impl BulkLine for ToSend<'_> {
    fn key(&self) -> &str {
        self.key
    }

    fn write(&self, lines: &mut Vec<u8>) {
        lines.extend_from_slice(self.text);
        lines.push(b'\n');
    }
}

type Answered = (Answer, Vec<u8>);

impl Turn<'_> {
    /// The lines from there on.
    pub async fn input(&self, from: (i64, i64)) -> Result<Input, JobError> {
        let traceparent = self.context.traceparent.as_deref().unwrap_or_default();
        let sent_for = SentFor {
            trace_id: traceparent.split('-').nth(1).unwrap_or_default().to_owned(),
            causation_id: self.work.id.to_string(),
            erasure: self.work.kind == OperationKind::Erasure,
        };
        let check = (Arc::clone(&self.with.lines), sent_for);
        Input::open(&self.with.objects, self.work, check, from).await
    }

    /// Carries lines out from where it stands, a part at a time.
    async fn execute(&mut self) -> Result<End, JobError> {
        let from = (self.work.last_line, self.work.read_to);
        let mut input = self.input(from).await?;
        let rejects = self.work.rejects();
        let (with, context, halt) = (self.with, self.context, self.halt);
        let (draining, began) = (context.draining(), self.began);
        let mut keeping = Keeping::new(&with.ops, &with.objects, self.work);
        // Begun by an attempt that came to no end: its results are due, whatever
        // has happened since.
        let mut is_open = keeping.work().has_open_part();
        loop {
            if !is_open && halt.is_cancelled() {
                return Ok(End::Halted);
            }
            if draining.is_cancelled() || began.elapsed() >= TURN {
                return Ok(End::Later);
            }
            let batch = gather(&mut input).await?;
            let Some(last) = batch.items.last().map(|item| item.number) else {
                return Ok(End::Complete);
            };
            let part = if rejects {
                reject(&input, batch.items)
            } else {
                if !is_open && !keeping.begin(last).await? {
                    return Ok(End::Halted);
                }
                // Somebody who cancels waits for the part: what was carried out has
                // its results.
                with.send(batch.items, &context.stop_token()).await?
            };
            keeping.keep(part, (last, input.taken())).await?;
            is_open = keeping.work().has_open_part();
            show(context, keeping.work(), "carried out");
            if batch.at_end {
                return Ok(End::Complete);
            }
        }
    }
}

/// Tells people how far it is.
pub fn show(context: &Context, work: &Work, how: &str) {
    context.progress(Progress {
        done: work.done.cast_unsigned(),
        total: work.lines.map(i64::cast_unsigned),
        text: format!("{} lines {how}", work.done),
    });
}

async fn gather(input: &mut Input) -> Result<Batch, JobError> {
    let mut batch = Batch::default();
    for _ in 0..PART {
        if batch.bytes >= PART_BYTES {
            return Ok(batch);
        }
        let Some(item) = input.next().await? else {
            batch.at_end = true;
            return Ok(batch);
        };
        batch.bytes += match &item.is {
            Is::Valid { text, .. } => text.len(),
            Is::Invalid(result) => result.len(),
        };
        batch.items.push(item);
    }
    Ok(batch)
}

/// Results of lines that are not carried out.
fn reject(input: &Input, items: Vec<Item>) -> Part {
    let mut part = Part::default();
    for Item { number, is } in items {
        match is {
            Is::Valid {
                op,
                own_key,
                source,
                ..
            } => {
                part.refused(&input.rejected(number, (op, own_key), source.as_ref()));
            }
            Is::Invalid(result) => part.refused(&result),
        }
    }
    part
}

impl Operating {
    /// Results of lines.
    ///
    /// # Errors
    /// Not all have one: the command API is away, or it was told to end.
    async fn send(&self, items: Vec<Item>, halt: &CancellationToken) -> Result<Part, JobError> {
        let lines: Vec<ToSend<'_>> = items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| match &item.is {
                Is::Valid { key, text, .. } => Some(ToSend { at, key, text }),
                Is::Invalid(_) => None,
            })
            .collect();
        let defects: Vec<AtomicU8> = lines.iter().map(|_| AtomicU8::new(0)).collect();
        let read = |at: usize, answer: Answer, text: &[u8]| match answer.again() {
            Some((last, asked)) if !is_defect(&answer, &defects[at]) => Attempt::Again(last, asked),
            _ => Attempt::Done((answer, text.to_vec())),
        };
        let sent = self.commands.send(&lines, read, halt).await;
        if let Some((_, error)) = sent.failed {
            return Err(unanswered(&error));
        }
        let mut answers: Vec<Option<Answered>> = items.iter().map(|_| None).collect();
        for (line, told) in lines.iter().zip(sent.told) {
            answers[line.at] = Some(told.ok_or_else(told_to_end)?);
        }
        let mut part = Part::default();
        for (item, answer) in items.into_iter().zip(answers) {
            match (item.is, answer) {
                (
                    Is::Valid {
                        own_key, source, ..
                    },
                    Some((answer, text)),
                ) => {
                    let of = Of {
                        line: item.number,
                        key: own_key,
                        source,
                    };
                    part.answered(of, &answer, &text)?;
                }
                (Is::Invalid(result), _) => part.refused(&result),
                (Is::Valid { .. }, None) => return Err(told_to_end()),
            }
        }
        Ok(part)
    }
}

/// Whether a line was answered 500 so often that this is its result: an order that
/// cannot be read is that the next time too, and other lines wait.
fn is_defect(answer: &Answer, before: &AtomicU8) -> bool {
    answer.status() == StatusCode::INTERNAL_SERVER_ERROR
        && before.fetch_add(1, Ordering::Relaxed) + 1 >= DEFECTS
}

pub fn unanswered(error: &BulkError) -> JobError {
    JobError::retry(error_chain(error))
}
