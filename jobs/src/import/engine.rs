//! Moves items from a source to the system and into the ledger.

use super::item::{Handled, Item, Source, Verdict};
use super::ledger::{Closing, Ledger};
use super::report::Report;
use super::sender::{Sender, ToSend};
use super::summary::{Counts, Summary};
use super::{ImportError, Settings};
use crate::ended::Ended;
use crate::progress::Progress;
use futures_util::{Stream, StreamExt as _, stream};
use std::sync::{Arc, atomic::AtomicU64};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// Requests in flight, as far as there are orders for them: while one is being
/// answered the next is on its way.
const REQUESTS: usize = 4;

/// What the reading task leaves behind.
struct ReadToEnd {
    read: Counts,
    last_line: u64,
    to_the_end: bool,
    failure: Option<ImportError>,
}

/// Runs an import to its end. The channel between reader and senders is
/// bounded, and no more than `concurrency` orders are in flight: a slow
/// system slows down the reading.
pub(super) async fn run(
    settings: &Settings,
    source: impl Source,
    extent: (u64, Arc<AtomicU64>),
    stop: CancellationToken,
) -> Result<Summary, ImportError> {
    let sender = Sender::new(settings)?;
    let mut ledger = Ledger::new(Report::create(settings).await?);
    let mut progress = Progress::new(settings.progress, extent);
    // Cancelled by the caller, and by the first failure.
    let halt = stop.child_token();
    let concurrency = settings.concurrency.max(1);
    let requests = concurrency.min(REQUESTS);
    let (reader, items) = read(source, concurrency, halt.clone());
    let handled = items
        .ready_chunks(concurrency / requests)
        .map(|items| handle(&sender, items, &halt))
        .buffer_unordered(requests)
        .flat_map(stream::iter);
    let failure = drain(handled, &sender, &mut ledger, &mut progress, &halt).await;
    progress.finish();
    let mut read = reader.await.map_err(ImportError::Reader)?;
    let failure = failure.or(read.failure.take());
    let closing = Closing {
        read: read.read,
        last_line: read.last_line,
        end: end(failure, &read, &ledger),
        dry_run: settings.dry_run,
        retries: sender.retries(),
        elapsed: progress.elapsed(),
    };
    Ok(ledger.close(closing).await)
}

fn end(failure: Option<ImportError>, read: &ReadToEnd, ledger: &Ledger) -> Ended {
    match failure {
        Some(failure) => Ended::Failed {
            failure: infra::lifecycle::error_chain(&failure),
        },
        None if read.to_the_end && ledger.not_sent() == Counts::default() => Ended::Complete,
        None => Ended::Stopped,
    }
}

/// Enters what is handled until the stream ends. After a failure the rest
/// still passes, so that everything read is accounted for.
async fn drain(
    handled: impl Stream<Item = (Handled, Option<ImportError>)>,
    sender: &Sender,
    ledger: &mut Ledger,
    progress: &mut Progress,
    halt: &CancellationToken,
) -> Option<ImportError> {
    let mut handled = std::pin::pin!(handled);
    let mut refresh = Progress::interval();
    let mut failure = None;
    loop {
        tokio::select! {
            next = handled.next() => {
                let Some((handled, error)) = next else { return failure };
                let recorded = ledger.record(&handled).await.err();
                if let Some(error) = error.or(recorded) {
                    failure.get_or_insert(error);
                    halt.cancel();
                }
            }
            _ = refresh.tick() => progress.show(|elapsed| ledger.state(elapsed, sender.retries())),
        }
    }
}

/// Reads the source in a task of its own, ahead of the senders by at most
/// `ahead` items.
fn read(
    mut source: impl Source,
    ahead: usize,
    halt: CancellationToken,
) -> (JoinHandle<ReadToEnd>, impl Stream<Item = Item>) {
    let (tx, mut rx) = mpsc::channel(ahead);
    let reader = tokio::spawn(async move {
        let (to_the_end, failure) = match pump(&mut source, &tx, &halt).await {
            Ok(to_the_end) => (to_the_end, None),
            Err(failure) => (false, Some(failure)),
        };
        // After an early end, what the source still holds is accounted for.
        for item in source.abandon() {
            if tx.send(item).await.is_err() {
                break;
            }
        }
        ReadToEnd {
            read: source.read(),
            last_line: source.line(),
            to_the_end,
            failure,
        }
    });
    (reader, stream::poll_fn(move |cx| rx.poll_recv(cx)))
}

/// Whether the source was read to its end.
async fn pump(
    source: &mut impl Source,
    tx: &mpsc::Sender<Item>,
    halt: &CancellationToken,
) -> Result<bool, ImportError> {
    while !halt.is_cancelled() {
        let Some(item) = source.next().await? else {
            return Ok(true);
        };
        // Nobody receives any more only when the import itself is gone.
        if tx.send(item).await.is_err() {
            break;
        }
    }
    Ok(false)
}

/// Deals with items that came together: the orders among them go into one
/// request.
async fn handle(
    sender: &Sender,
    items: Vec<Item>,
    halt: &CancellationToken,
) -> Vec<(Handled, Option<ImportError>)> {
    let (mut handled, mut orders, mut of) = (Vec::new(), Vec::new(), Vec::new());
    for item in items {
        match told(item) {
            Told::Handled(item) => handled.push((item, None)),
            Told::Order(order, lines) => {
                orders.push(order);
                of.push(lines);
            }
        }
    }
    let sent = sender.send(&orders, halt).await;
    for ((order, lines), sent) in orders.into_iter().zip(of).zip(sent) {
        let (verdict, error) = match sent {
            Ok(verdict) => (verdict, None),
            Err(error) => (Verdict::NotSent, Some(error)),
        };
        handled.push((Handled::invoice(order.invoice, lines, verdict), error));
    }
    handled
}

/// What is to be done about an item.
enum Told {
    Order(ToSend, Vec<u64>),
    Handled(Handled),
}

fn told(item: Item) -> Told {
    match item {
        Item::Order {
            invoice,
            lines,
            idempotency_key: key,
            body,
        } => Told::Order(ToSend { invoice, key, body }, lines),
        Item::RefusedInvoice {
            invoice,
            lines,
            reason,
        } => Told::Handled(Handled::invoice(invoice, lines, Verdict::Refused(reason))),
        Item::RefusedLine {
            line,
            invoice,
            reason,
        } => Told::Handled(Handled {
            invoice,
            whole: false,
            lines: vec![line],
            verdict: Verdict::Refused(reason),
        }),
        Item::Unfinished { invoice, lines } => {
            Told::Handled(Handled::invoice(invoice, lines, Verdict::NotSent))
        }
    }
}
