//! From lines to results: read ahead by a bounded window, carried out at the
//! same time as far as they are about different things, told in their order.

use super::{
    lanes::{Lanes, Place},
    line::{Common, Parsed, Refused, read},
    told::{Outcome, Results},
};
use crate::{answer::Answer, call::Call, state::CommandApi};
use actix_web::{
    http::StatusCode,
    web::{Bytes, Data},
};
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesOrdered};
use infra::http::{Caller, Line, LineError, Lines, Problem};
use std::mem;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    task::{JoinError, JoinHandle},
};
use tokio_util::sync::CancellationToken;

/// Lines that are read and not told yet: enough for group commits that are worth
/// it.
const WINDOW: usize = 256;
/// Bytes of them, unless one alone is more.
const WINDOW_BYTES: usize = 4 << 20;
/// Results are passed on in pieces of about so many bytes, or when no further
/// one is there.
const PIECE: usize = 32 << 10;

const LINES: &str = "orderlog_bulk_lines_total";
/// Stands for the command of a line that is none.
const UNREAD: &str = "none";

/// What becomes of the answer.
pub enum Piece {
    /// More results.
    Some(Bytes),
    /// Nothing is missing.
    End,
}

/// A request under way.
pub struct Run {
    pub api: Data<CommandApi>,
    pub caller: Caller,
    pub common: Common,
    /// Cancelled when the role is about to end.
    pub draining: CancellationToken,
    pub lines: Lines,
    pub results: Results,
    pub pieces: mpsc::Sender<Piece>,
    /// A place among the others.
    pub _places: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
}

/// Why no further line is read.
enum Stop {
    /// The body is at its end.
    End,
    /// It is not, and will not be.
    Early(Problem),
    /// Nobody is there to be told.
    Gone,
}

/// Lines that were read and not told.
struct Window {
    under_way: FuturesOrdered<JoinHandle<(Outcome, usize)>>,
    bytes: usize,
    lanes: Lanes,
    /// Nothing that has not begun begins any more.
    halt: CancellationToken,
}

impl Window {
    fn has_room(&self) -> bool {
        self.under_way.len() < WINDOW && (self.bytes < WINDOW_BYTES || self.under_way.is_empty())
    }
}

impl Run {
    /// Carries the lines out, to their end or the client's.
    pub async fn run(mut self) {
        let mut window = Window {
            under_way: FuturesOrdered::new(),
            bytes: 0,
            lanes: Lanes::default(),
            halt: CancellationToken::new(),
        };
        let mut stop = loop {
            if let Err(stop) = self.step(&mut window).await {
                break stop;
            }
        };
        loop {
            if let Stop::Gone = stop {
                window.halt.cancel();
            }
            let Some(done) = window.under_way.next().await else {
                break;
            };
            if let Err(gone) = self.tell(&mut window, done).await {
                stop = gone;
            }
        }
        self.results.log(match &stop {
            Stop::End => "whole",
            Stop::Early(problem) => problem.code(),
            Stop::Gone => "cut_off",
        });
        let problem = match &stop {
            Stop::End => None,
            Stop::Early(problem) => Some(problem),
            Stop::Gone => return,
        };
        self.results.trailer(problem);
        if self.pass_on().await.is_ok() {
            // A client that has gone by now has missed its end anyhow.
            let _ = self.pieces.send(Piece::End).await;
        }
    }

    /// Tells what is done, or takes in another line.
    async fn step(&mut self, window: &mut Window) -> Result<(), Stop> {
        tokio::select! {
            biased;
            () = self.pieces.closed() => Err(Stop::Gone),
            Some(done) = window.under_way.next() => self.tell(window, done).await,
            () = self.draining.cancelled() => {
                let problem = Problem::unavailable(1);
                Err(Stop::Early(problem.detail("send the rest again")))
            }
            line = self.lines.next(), if window.has_room() => self.take(window, line).await,
        }
    }

    /// Writes a result and those that are there by now, and waits until the
    /// client takes them: meanwhile nothing is read.
    async fn tell(
        &mut self,
        window: &mut Window,
        done: Result<(Outcome, usize), JoinError>,
    ) -> Result<(), Stop> {
        let mut next = Some(done);
        while let Some(done) = next.take() {
            // A line whose task has died has no result: the answer is cut off.
            let (outcome, size) = done.map_err(|_| Stop::Gone)?;
            window.bytes -= size;
            self.results.line(&outcome);
            if self.results.written.len() < PIECE {
                next = window.under_way.next().now_or_never().flatten();
            }
        }
        window.lanes.tidy(2 * WINDOW);
        self.pass_on().await
    }

    async fn pass_on(&mut self) -> Result<(), Stop> {
        let written = mem::take(&mut self.results.written);
        let sent = self.pieces.send(Piece::Some(written.into())).await;
        sent.map_err(|_| Stop::Gone)
    }

    /// Begins with a line.
    async fn take(
        &self,
        window: &mut Window,
        line: Result<Option<(u64, Line)>, LineError>,
    ) -> Result<(), Stop> {
        let (number, line) = match line {
            Ok(Some(line)) => line,
            Ok(None) => return Err(Stop::End),
            Err(LineError::Broken) => return Err(Stop::Gone),
            Err(error) => return Err(Stop::Early(error.problem())),
        };
        if matches!(&line, Line::Whole(text) if text.trim_ascii().is_empty()) {
            return Ok(());
        }
        if window.lanes.is_stuck() {
            let problem = Problem::unavailable(5);
            let detail = "too many lines could not be carried out: send the rest again";
            return Err(Stop::Early(problem.detail(detail)));
        }
        let principal = self.caller.principal().await.map_err(Stop::Early)?;
        let text = line.text();
        let size = text.as_ref().map_or(0, Bytes::len);
        let parsed = match text {
            Ok(text) => read(&text, principal, &self.common),
            Err(problem) => Err(Refused {
                op: None,
                key: None,
                problem,
            }),
        };
        let parsed = parsed.map(|mut parsed| {
            let place = window.lanes.place(mem::take(&mut parsed.subjects));
            (parsed, place)
        });
        let (api, halt) = (self.api.clone(), window.halt.clone());
        window.bytes += size;
        window.under_way.push_back(tokio::spawn(async move {
            let outcome = match parsed {
                Ok((parsed, place)) => carry_out(api, number, parsed, place, halt).await,
                Err(refused) => {
                    count(UNREAD, refused.problem.status());
                    Outcome::refused(number, refused)
                }
            };
            (outcome, size)
        }));
        Ok(())
    }
}

/// Carries one line out, when it is its turn.
async fn carry_out(
    api: Data<CommandApi>,
    number: u64,
    parsed: Parsed,
    place: Place,
    halt: CancellationToken,
) -> Outcome {
    let (op, key) = (parsed.operation.name, parsed.told.key.clone());
    let answer = async {
        place.turn().await?;
        let _room = api.bulk.line(parsed.body.len()).await;
        if halt.is_cancelled() {
            return Err(Problem::unavailable(1));
        }
        let call = Call::new(api, parsed.told, &parsed.body).await?;
        (parsed.operation.carry_out)(call, parsed.body).await
    };
    let answer = answer.await;
    if let Err(problem) = &answer {
        if problem.status().is_server_error() || problem.code() == "contended" {
            place.leave_open();
        }
        if let Some(cause) = problem.cause() {
            tracing::error!(op, line = number, error = cause, "bulk.line_failed");
        }
    }
    let status = answer.as_ref().map_or_else(Problem::status, Answer::status);
    count(op, status);
    Outcome {
        line: number,
        op: Some(op.to_owned()),
        key,
        answer,
    }
}

/// Says what the metrics are.
pub fn describe() {
    metrics::describe_counter!(LINES, "Lines of bulk requests, by command and status");
}

fn count(op: &'static str, status: StatusCode) {
    let status = status.as_u16().to_string();
    metrics::counter!(LINES, "op" => op, "status" => status).increment(1);
}
