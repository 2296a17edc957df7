//! Questions that are answered together: while batches are under way, the
//! next one gathers.

use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::{Mutex, mpsc, oneshot};

/// Where to ask. The tasks behind it end with this value.
pub struct Joined<Q, A> {
    questions: mpsc::UnboundedSender<Question<Q, A>>,
}

struct Question<Q, A> {
    about: Vec<Q>,
    answer: oneshot::Sender<A>,
}

impl<Q: Ord + Clone + Send + 'static, A: Clone + Send + 'static> Joined<Q, A> {
    /// `look_up` is called with each `Q` of a batch once, in their order; at
    /// most `batches` are under way at a time.
    pub fn start<F>(batches: usize, look_up: impl Fn(Vec<Q>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = A> + Send,
    {
        let (questions, asked) = mpsc::unbounded_channel();
        let (asked, look_up) = (Arc::new(Mutex::new(asked)), Arc::new(look_up));
        for _ in 0..batches {
            let (asked, look_up) = (Arc::clone(&asked), Arc::clone(&look_up));
            tokio::spawn(async move { while answer_batch(&asked, &*look_up).await.is_some() {} });
        }
        Self { questions }
    }

    /// The answer of a batch that begins after this call; it may hold more
    /// than was asked for. None: the tasks have ended.
    pub async fn ask(&self, about: Vec<Q>) -> Option<A> {
        let (answer, answered) = oneshot::channel();
        let question = Question { about, answer };
        self.questions.send(question).ok()?;
        answered.await.ok()
    }
}

/// None once nobody can ask any more.
async fn answer_batch<Q: Ord + Clone, A: Clone, F: Future<Output = A>>(
    asked: &Mutex<mpsc::UnboundedReceiver<Question<Q, A>>>,
    look_up: impl Fn(Vec<Q>) -> F,
) -> Option<()> {
    let mut batch = Vec::new();
    if asked.lock().await.recv_many(&mut batch, usize::MAX).await == 0 {
        return None;
    }
    // Whoever has gone away wants nothing looked up.
    batch.retain(|question| !question.answer.is_closed());
    let about: BTreeSet<Q> = batch.iter().flat_map(|q| &q.about).cloned().collect();
    if !about.is_empty() {
        let answer = look_up(about.into_iter().collect()).await;
        for question in batch {
            // It may have gone away meanwhile.
            let _ = question.answer.send(answer.clone());
        }
    }
    Some(())
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
            Joined::start(1, move |subjects: Vec<u128>| {
                asked.lock().expect("alive").push(subjects.len());
                let gate = gate.clone();
                async move { gate.acquire().await.expect("open").forget() }
            })
        };
        let ask = |n| joined.ask(vec![n]);
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
