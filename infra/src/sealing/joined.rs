//! Questions that are answered together: while one batch is under way, the
//! next one gathers.

use std::collections::BTreeSet;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// Where to ask. The task behind it ends with this value.
pub(super) struct Joined<A> {
    questions: mpsc::UnboundedSender<Question<A>>,
}

struct Question<A> {
    subjects: Vec<Uuid>,
    answer: oneshot::Sender<A>,
}

impl<A: Clone + Send + 'static> Joined<A> {
    /// `look_up` is called with each subject once, in their order.
    pub fn start<F>(look_up: impl Fn(Vec<Uuid>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = A> + Send,
    {
        let (questions, mut asked) = mpsc::unbounded_channel::<Question<A>>();
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while asked.recv_many(&mut batch, usize::MAX).await > 0 {
                // Whoever has gone away wants nothing made.
                batch.retain(|question| !question.answer.is_closed());
                let subjects: BTreeSet<Uuid> =
                    batch.iter().flat_map(|q| &q.subjects).copied().collect();
                if subjects.is_empty() {
                    continue;
                }
                let answer = look_up(subjects.into_iter().collect()).await;
                for question in batch.drain(..) {
                    // It may have gone away meanwhile.
                    let _ = question.answer.send(answer.clone());
                }
            }
        });
        Self { questions }
    }

    /// The answer of a batch that begins after this call; it may hold more
    /// than was asked for. None: the task has ended.
    pub async fn ask(&self, subjects: Vec<Uuid>) -> Option<A> {
        let (answer, answered) = oneshot::channel();
        let question = Question { subjects, answer };
        self.questions.send(question).ok()?;
        answered.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn what_is_asked_meanwhile_is_asked_once_and_together() {
        let (asked, gate) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(Semaphore::new(0)),
        );
        let joined = {
            let (asked, gate) = (asked.clone(), gate.clone());
            Joined::start(move |subjects: Vec<Uuid>| {
                asked.lock().expect("alive").push(subjects.len());
                let gate = gate.clone();
                async move { gate.acquire().await.expect("open").forget() }
            })
        };
        let ask = |n| joined.ask(vec![Uuid::from_u128(n)]);
        let mut first = Box::pin(ask(0));
        assert!(futures_util::poll!(&mut first).is_pending());
        while asked.lock().expect("alive").is_empty() {
            tokio::task::yield_now().await;
        }
        let others = futures_util::future::join_all((1..100).chain(1..100).map(ask));
        let open = async {
            tokio::task::yield_now().await;
            gate.add_permits(2);
        };
        let (first, others, ()) = tokio::join!(first, others, open);
        assert!(first.is_some() && others.iter().all(Option::is_some));
        assert_eq!(*asked.lock().expect("alive"), [1, 99]);
    }
}
