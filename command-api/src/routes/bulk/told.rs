//! What is written of each line, and at the end.

use super::line::Refused;
use crate::answer::{Answer, Told};
use actix_web::http::StatusCode;
use contracts::{PositionToken, order::Made};
use infra::http::{Problem, ProblemDocument};
use serde::Serialize;
use uuid::Uuid;

/// What became of a line.
pub struct Outcome {
    /// Number of the line, from 1.
    pub line: u64,
    /// What it calls its command.
    pub op: Option<String>,
    /// Its key.
    pub key: Option<String>,
    /// The answer.
    pub answer: Result<Answer, Problem>,
}

impl Outcome {
    /// Of a line that could not be carried out.
    pub fn refused(line: u64, refused: Refused) -> Self {
        Self {
            line,
            op: refused.op,
            key: refused.key,
            answer: Err(refused.problem),
        }
    }
}

/// The counts, as far as it got.
#[derive(Debug, Default, Serialize)]
pub struct Counts {
    /// Lines that were answered.
    lines: u64,
    /// Carried out, now or before.
    succeeded: u64,
    /// Of those, before.
    replayed: u64,
    /// Not carried out.
    failed: u64,
}

#[derive(Serialize)]
struct LineResult<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    op: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    status: u16,
    #[serde(flatten)]
    became: Became<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Became<'a> {
    Done {
        replayed: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        order_id: Option<Uuid>,
        version: i64,
        #[serde(flatten)]
        stored: Option<Stored<'a>>,
        #[serde(flatten)]
        made: Made,
    },
    Failed {
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        problem: ProblemDocument,
    },
}

/// What only that has which is in the log.
#[derive(Serialize)]
struct Stored<'a> {
    /// Of an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
    position: PositionToken,
}

#[derive(Serialize)]
struct Last<'a> {
    trailer: Trailer<'a>,
}

#[derive(Serialize)]
struct Trailer<'a> {
    #[serde(flatten)]
    counts: &'a Counts,
    dry_run: bool,
    /// Why it ends before the end of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemDocument>,
}

/// Where a request's results are written.
pub struct Results {
    pub written: Vec<u8>,
    pub counts: Counts,
    trace_id: String,
    dry_run: bool,
}

impl Results {
    /// None yet.
    pub fn new(trace_id: String, dry_run: bool) -> Self {
        Self {
            written: Vec::new(),
            counts: Counts::default(),
            trace_id,
            dry_run,
        }
    }

    /// Writes what became of a line.
    pub fn line(&mut self, outcome: &Outcome) {
        let (status, became) = match &outcome.answer {
            Ok(answer) => match self.done(answer) {
                Ok(done) => (answer.status(), done),
                Err(problem) => self.failed(&problem),
            },
            Err(problem) => self.failed(problem),
        };
        self.counts.lines += 1;
        match &became {
            Became::Done { replayed, .. } => {
                self.counts.succeeded += 1;
                self.counts.replayed += u64::from(*replayed);
            }
            Became::Failed { .. } => self.counts.failed += 1,
        }
        let told = LineResult {
            line: outcome.line,
            op: outcome.op.as_deref(),
            key: outcome.key.as_deref(),
            status: status.as_u16(),
            became,
        };
        write(&mut self.written, &told);
    }

    /// The one log line of a request's end; everything that was begun is done by
    /// then.
    pub fn log(&self, outcome: &str) {
        let Counts {
            lines,
            succeeded,
            replayed,
            failed,
        } = self.counts;
        tracing::info!(
            trace_id = self.trace_id,
            lines,
            succeeded,
            replayed,
            failed,
            dry_run = self.dry_run,
            outcome,
            "bulk.ended"
        );
    }

    /// Writes the end: without it, the answer was cut off.
    pub fn trailer(&mut self, problem: Option<&Problem>) {
        let problem = problem.map(|problem| problem.document(None, Some(&self.trace_id)));
        let trailer = Trailer {
            counts: &self.counts,
            dry_run: self.dry_run,
            problem,
        };
        write(&mut self.written, &Last { trailer });
    }

    fn done<'a>(&self, answer: &'a Answer) -> Result<Became<'a>, Problem> {
        let is_stored = !self.dry_run || answer.is_repeat();
        let (order, position, made) = match answer.told()? {
            Told::Order(told) => {
                let order = Some((told.order_id, told.order.number.as_str()));
                (order, told.position, told.made)
            }
            Told::Platform(told) => (None, told.position, Made::default()),
            Told::Product(told) => (None, told.position, Made::default()),
            Told::ShippingZone(told) => (None, told.position, Made::default()),
            Told::ShippingMethod(told) => (None, told.position, Made::default()),
        };
        Ok(Became::Done {
            replayed: answer.is_repeat(),
            order_id: order.map(|(id, _)| id),
            version: answer.version(),
            stored: is_stored.then_some(Stored {
                number: order.map(|(_, number)| number),
                position,
            }),
            made,
        })
    }

    fn failed(&self, problem: &Problem) -> (StatusCode, Became<'static>) {
        let failed = Became::Failed {
            retry_after: problem.seconds_to_wait(),
            problem: problem.document(None, Some(&self.trace_id)),
        };
        (problem.status(), failed)
    }
}

fn write(written: &mut Vec<u8>, told: &impl Serialize) {
    // Writing JSON into memory fails only where a key is no text.
    if serde_json::to_writer(&mut *written, told).is_ok() {
        written.push(b'\n');
    }
}
