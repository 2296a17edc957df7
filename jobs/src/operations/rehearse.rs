//! A dry run: all lines in one request, as each is decided on what the ones
//! before it would have left. Nothing of it is stored anywhere, so whoever is
//! killed begins anew.

use super::{
    input::{Input, Is},
    job::{End, Turn, show, unanswered},
    results::{Keeping, Of, Part},
};
use crate::{
    bulk::{Answer, Refused},
    http::cause,
};
use futures_util::stream;
use infra::{jobs::JobError, operations};
use reqwest::{Body, Response};
use std::{convert::Infallible, mem, time::Duration};
use tokio::{sync::mpsc, time::timeout};

/// How long all of it may take.
const LONGEST: Duration = Duration::from_hours(12);
/// Attempts that begin anew where a line gets no certain answer; those after them
/// take what it is answered for its result, as nothing depends on it.
const REHEARSALS: u32 = 5;
/// Attempts after those, however they end.
const CUT_OFF: u32 = 10;
/// How long nothing may come while lines are on their way.
const SILENCE: Duration = Duration::from_mins(1);
/// Lines whose answers are waited for: more than are decided at a time.
const AHEAD: usize = 4_096;
/// Pieces of the body on their way, and about how large they are.
const PIECES: usize = 4;
const PIECE: usize = 32 << 10;
/// Lines of a part.
const PART: i64 = 2_000;

/// A line on its way, or one that is not sent.
enum Sent {
    Line(Of),
    Refused(u64, Vec<u8>),
}

/// A line that is to have its result, and where it ends.
type Told = Result<(Sent, i64), JobError>;

impl Turn<'_> {
    /// Decides all lines, and keeps what they came to.
    pub async fn rehearse(&mut self) -> Result<End, JobError> {
        if self.context.attempt > REHEARSALS + CUT_OFF {
            return Err(JobError::permanent(format!(
                "a dry run was cut off {CUT_OFF} times: it begins anew each time, so its lines \
                 should be fewer"
            )));
        }
        let fresh = operations::restart(&self.with.ops, self.work.clone()).await?;
        *self.work = fresh;
        let input = self.input((0, 0)).await?;
        let (told, lines) = mpsc::channel(AHEAD);
        let (pieces, body) = mpsc::channel(PIECES);
        let feeding = feed(input, told, pieces);
        let body = stream::unfold(body, |mut body| async move {
            let piece = body.recv().await?;
            Some((Ok::<_, Infallible>(piece), body))
        });
        let request = self.with.rehearsals.request().timeout(LONGEST);
        let request = request.body(Body::wrap_stream(body));
        let halt = self.halt.clone();
        let reading = async {
            let response = request.send().await;
            let response = response.map_err(|error| JobError::retry(cause(&error)))?;
            let accepted = self.with.rehearsals.accepted(response).await;
            let response = accepted.map_err(|refused| match refused {
                Refused::Passing(again) => JobError::retry(again.last),
                Refused::Failed(error) => unanswered(&error),
            })?;
            self.read(lines, response).await
        };
        let both = async { tokio::join!(feeding, reading).1 };
        halt.run_until_cancelled(both)
            .await
            .unwrap_or(Ok(End::Halted))
    }

    async fn read(
        &mut self,
        mut lines: mpsc::Receiver<Told>,
        response: Response,
    ) -> Result<End, JobError> {
        let (with, context) = (self.with, self.context);
        let mut answers = Answers {
            response,
            text: Vec::new(),
        };
        let mut keeping = Keeping::new(&with.ops, &with.objects, self.work);
        let (mut part, mut place) = (Part::default(), (0, 0));
        while let Some(told) = lines.recv().await {
            let (sent, read_to) = told?;
            match sent {
                Sent::Refused(number, result) => {
                    part.refused(&result);
                    place = (number, read_to);
                }
                Sent::Line(of) => {
                    let text = answers.next().await?;
                    let unknown = || JobError::retry("the answer ended early");
                    let answer = Answer::read(&text).ok_or_else(unknown)?;
                    if let Some((last, _)) = answer.again()
                        && context.attempt < REHEARSALS
                    {
                        return Err(JobError::retry(last));
                    }
                    place = (of.line, read_to);
                    part.answered(of, &answer, &text)?;
                }
            }
            if part.lines() >= PART {
                keeping.keep(mem::take(&mut part), place).await?;
                show(context, keeping.work(), "decided");
            }
        }
        // The trailer: the request is at its end as well.
        answers.next().await?;
        if part.lines() > 0 {
            keeping.keep(part, place).await?;
        }
        Ok(End::Complete)
    }
}

/// Sends the lines, and says of each where its result comes from.
async fn feed(mut input: Input, told: mpsc::Sender<Told>, pieces: mpsc::Sender<Vec<u8>>) {
    let mut piece = Vec::new();
    loop {
        let item = match input.next().await {
            Ok(Some(item)) => item,
            Ok(None) => break,
            Err(error) => {
                // Nobody waits for it only where the other side has ended.
                let _ = told.send(Err(error)).await;
                return;
            }
        };
        let sent = match item.is {
            Is::Valid {
                own_key,
                source,
                text,
                ..
            } => {
                piece.extend_from_slice(&text);
                piece.push(b'\n');
                Sent::Line(Of {
                    line: item.number,
                    key: own_key,
                    source,
                })
            }
            Is::Invalid(result) => Sent::Refused(item.number, result),
        };
        // Where whoever reads is far behind, it may wait for the answer to a line
        // that is still here.
        let is_due = piece.len() >= PIECE || told.capacity() == 0;
        if is_due && pieces.send(mem::take(&mut piece)).await.is_err() {
            return;
        }
        if told.send(Ok((sent, input.taken()))).await.is_err() {
            return;
        }
    }
    let _ = pieces.send(piece).await;
}

/// The lines of an answer.
struct Answers {
    response: Response,
    text: Vec<u8>,
}

impl Answers {
    async fn next(&mut self) -> Result<Vec<u8>, JobError> {
        loop {
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let rest = self.text.split_off(end + 1);
                let mut line = mem::replace(&mut self.text, rest);
                line.truncate(end);
                return Ok(line);
            }
            let piece = timeout(SILENCE, self.response.chunk()).await;
            let piece = piece.map_err(|_| JobError::retry("no answer comes any more"))?;
            match piece.map_err(|error| JobError::retry(cause(&error)))? {
                Some(piece) => self.text.extend_from_slice(&piece),
                None => return Err(JobError::retry("the answer was cut off")),
            }
        }
    }
}
