//! Moves lines from the generator to the system and into the summary.

use super::{
    Generator, Line, SeedError, Settings, Story,
    summary::{Ledger, Summary, Verdict},
};
use crate::{
    bulk::{Answer, Attempt, BulkClient, How},
    ended::Ended,
    progress::Progress,
};
use futures_util::{Stream, StreamExt as _, stream};
use infra::tls::Authorities;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio_util::sync::CancellationToken;

/// Requests in flight, as far as there are orders for them: while one is being
/// answered the next is on its way.
const REQUESTS: usize = 4;
/// Codes of a refusal that says: it is there already, made by somebody else.
const THERE: &str = "external_id_taken";

/// What came of a story, line by line.
type Told = Vec<(&'static str, Verdict)>;

/// Makes a shop to its end.
pub async fn run(settings: &Settings, stop: CancellationToken) -> Result<Summary, SeedError> {
    let generator = Generator::new(settings.arguments)?;
    let system = (&*settings.url, &*settings.api_key);
    let client = BulkClient::new(
        system,
        How::default(),
        "orderlog-seed",
        settings.retry,
        &Authorities::default(),
    )?;
    let foundations = generator.foundations()?;
    let (arguments, done) = (settings.arguments, Arc::new(AtomicU64::new(0)));
    let all = foundations.len() as u64 + arguments.products + arguments.orders;
    let mut run = Run {
        client: &client,
        concurrency: settings.concurrency.max(1),
        ledger: Ledger::default(),
        progress: Progress::new(settings.progress, (all, Arc::clone(&done))),
        done,
        // Cancelled by the caller, and by the first failure.
        halt: stop.child_token(),
    };
    let ended = Box::pin(run.all(&generator, foundations)).await;
    run.progress.finish();
    let ended = match ended {
        Ok(()) if stop.is_cancelled() => Ended::Stopped,
        Ok(()) => Ended::Complete,
        Err(failure) => Ended::Failed {
            failure: infra::lifecycle::error_chain(&failure),
        },
    };
    let (elapsed, retries) = (run.progress.elapsed(), client.retries());
    Ok(run
        .ledger
        .close(arguments, generator.set(), ended, (elapsed, retries)))
}

struct Run<'a> {
    client: &'a BulkClient,
    concurrency: usize,
    ledger: Ledger,
    progress: Progress,
    done: Arc<AtomicU64>,
    halt: CancellationToken,
}

impl Run<'_> {
    /// One thing after the other: what orders refer to is there before them.
    async fn all(
        &mut self,
        generator: &Generator,
        foundations: Vec<Line>,
    ) -> Result<(), SeedError> {
        let alone = |line: Result<Line, SeedError>| line.map(Story::from);
        self.tell(foundations.into_iter().map(Story::from).map(Ok))
            .await?;
        self.tell(generator.products().map(alone)).await?;
        self.tell(generator.past().map(alone)).await?;
        self.tell(generator.lived()).await
    }

    /// Sends stories, some at a time, until there are no more or it is told to
    /// stop. After a failure what is in flight is still entered.
    async fn tell(
        &mut self,
        stories: impl Iterator<Item = Result<Story, SeedError>> + Send,
    ) -> Result<(), SeedError> {
        let requests = self.concurrency.min(REQUESTS);
        let (client, halt) = (self.client, self.halt.clone());
        let going_on = stories.take_while(|_| !halt.is_cancelled());
        let told = stream::iter(going_on)
            .chunks(self.concurrency / requests)
            .map(|stories| send(client, stories, &halt))
            .buffer_unordered(requests);
        enter(
            told,
            (&mut self.ledger, &mut self.progress, &self.done),
            client,
            &halt,
        )
        .await
    }
}

/// Enters what was told until the stream ends.
async fn enter(
    told: impl Stream<Item = (Vec<Told>, Option<SeedError>)>,
    (ledger, progress, done): (&mut Ledger, &mut Progress, &AtomicU64),
    client: &BulkClient,
    halt: &CancellationToken,
) -> Result<(), SeedError> {
    let mut told = std::pin::pin!(told);
    let mut refresh = Progress::interval();
    let mut failure = Ok(());
    loop {
        tokio::select! {
            next = told.next() => {
                let Some((stories, error)) = next else { return failure };
                done.fetch_add(stories.len() as u64, Ordering::Relaxed);
                for (op, verdict) in stories.into_iter().flatten() {
                    ledger.enter(op, verdict);
                }
                if let (Some(error), Ok(())) = (error, &failure) {
                    failure = Err(error);
                    halt.cancel();
                }
            }
            _ = refresh.tick() => {
                progress.show(|elapsed| ledger.state(elapsed, client.retries()));
            }
        }
    }
}

/// Tells stories that came together: their first lines in one request, and of
/// those that were taken the rest in another one.
async fn send(
    client: &BulkClient,
    stories: Vec<Result<Story, SeedError>>,
    halt: &CancellationToken,
) -> (Vec<Told>, Option<SeedError>) {
    let (mut firsts, mut rests, mut failure) = (Vec::new(), Vec::new(), None);
    for story in stories {
        match story {
            Ok(story) => {
                firsts.push(story.first);
                rests.push(story.then);
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    let (verdicts, failed) = sent(client, &firsts, halt).await;
    failure = failure.or(failed);
    let mut told: Vec<Told> = Vec::with_capacity(firsts.len());
    let (mut lines, mut of) = (Vec::new(), Vec::new());
    for (place, (verdict, rest)) in verdicts.into_iter().zip(rests).enumerate() {
        let goes_on = verdict.goes_on();
        let left = verdict.of_the_rest();
        told.push(vec![(firsts[place].op, verdict)]);
        for line in rest {
            if goes_on {
                of.push(place);
                lines.push(line);
            } else {
                told[place].push((line.op, left.clone()));
            }
        }
    }
    let (verdicts, failed) = sent(client, &lines, halt).await;
    for ((line, place), verdict) in lines.iter().zip(of).zip(verdicts) {
        told[place].push((line.op, verdict));
    }
    (told, failure.or(failed))
}

/// What became of lines, in their order.
async fn sent(
    client: &BulkClient,
    lines: &[Line],
    halt: &CancellationToken,
) -> (Vec<Verdict>, Option<SeedError>) {
    let read = |place: usize, answer, _: &[u8]| attempt(lines[place].op, answer);
    let sent = client.send(lines, read, halt).await;
    let told = sent.told.into_iter();
    let verdicts = told.map(|told| told.unwrap_or(Verdict::NotSent)).collect();
    (verdicts, sent.failed.map(|(_, error)| error.into()))
}

/// What an answer says of its line.
fn attempt(op: &str, answer: Answer) -> Attempt<Verdict> {
    if let Some((last, asked)) = answer.again() {
        return Attempt::Again(last, asked);
    }
    let status = answer.status();
    if answer.succeeded() {
        // What makes something says so by its status; steps say nothing else.
        let makes = op.starts_with("save_") || op == "import_order";
        let there = answer.replayed || (makes && status != reqwest::StatusCode::CREATED);
        return Attempt::Done(if there {
            Verdict::AlreadyThere
        } else {
            Verdict::Done
        });
    }
    let problem = answer.problem.unwrap_or_default();
    let detail = problem.told(status);
    if problem.code == THERE {
        return Attempt::Done(Verdict::Foreign);
    }
    if !status.is_client_error() {
        return Attempt::Unexpected(answer.status, detail);
    }
    let code = match problem.code {
        code if code.is_empty() => format!("http_{}", answer.status),
        code => code,
    };
    Attempt::Done(Verdict::Refused { code, detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(op: &str, line: &str) -> Attempt<Verdict> {
        attempt(op, Answer::read(line.as_bytes()).expect("an answer"))
    }

    #[test]
    fn each_answer_says_what_became_of_its_line() {
        for (op, line, verdict) in [
            ("place_order", r#"{"line":1,"status":201}"#, Verdict::Done),
            (
                "place_order",
                r#"{"line":1,"status":201,"replayed":true}"#,
                Verdict::AlreadyThere,
            ),
            ("add_note", r#"{"line":1,"status":200}"#, Verdict::Done),
            (
                "import_order",
                r#"{"line":1,"status":200}"#,
                Verdict::AlreadyThere,
            ),
            ("save_product", r#"{"line":1,"status":201}"#, Verdict::Done),
            (
                "create_draft",
                r#"{"line":1,"status":409,"problem":{"code":"external_id_taken"}}"#,
                Verdict::Foreign,
            ),
        ] {
            let told = told(op, line);
            assert!(
                matches!(&told, Attempt::Done(told) if *told == verdict),
                "{line}"
            );
        }
        let refused = r#"{"line":1,"status":409,"problem":{"code":"on_hold","title":"on hold"}}"#;
        let Attempt::Done(Verdict::Refused { code, detail }) = told("ship_fulfillment", refused)
        else {
            panic!("not refused");
        };
        assert_eq!((&*code, &*detail), ("on_hold", "on hold"));
        let away = r#"{"line":1,"status":503,"problem":{"code":"unavailable"}}"#;
        assert!(matches!(told("add_note", away), Attempt::Again(..)));
    }
}
