//! One read, asked of one server after another until one answers.

use super::Servers;
use crate::routes::statistics::cached::StatisticsError;
use infra::postgres::{is_away, is_worth_another};
use sqlx::PgPool;
use std::sync::Arc;

/// Servers in the order in which they are asked. Cheap to clone.
#[derive(Clone)]
pub struct Route {
    servers: Servers,
    /// Never empty; the last one's answer is the answer.
    order: Vec<usize>,
    /// Whether it is somebody's read, and counts.
    is_counted: bool,
}

/// What may have gone wrong with a server.
pub trait Failure {
    /// What the database said, where it was that.
    fn database(&self) -> Option<&sqlx::Error>;
}

impl Failure for sqlx::Error {
    fn database(&self) -> Option<&sqlx::Error> {
        Some(self)
    }
}

impl Failure for Arc<sqlx::Error> {
    fn database(&self) -> Option<&sqlx::Error> {
        Some(self)
    }
}

impl Failure for StatisticsError {
    fn database(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(error) => Some(error),
            Self::TooManyRows | Self::TimeZone => None,
        }
    }
}

impl Route {
    pub(super) const fn new(servers: Servers, order: Vec<usize>) -> Self {
        Self {
            servers,
            order,
            is_counted: true,
        }
    }

    /// The same for nobody: what is asked is whether they answer.
    #[must_use]
    pub fn uncounted(mut self) -> Self {
        self.is_counted = false;
        self
    }

    #[cfg(test)]
    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }

    /// Asks until a server answers; its answer, and its place. `ask` is called
    /// once for each server, and may have been cut short on those before.
    ///
    /// # Errors
    /// What another server would not know better, or what the last one says.
    pub async fn read<T, E, Fut>(&self, ask: impl Fn(PgPool) -> Fut) -> Result<(T, usize), E>
    where
        E: Failure,
        Fut: Future<Output = Result<T, E>>,
    {
        let (mut places, mut answer) = (self.order.iter().copied().peekable(), None);
        while let Some(place) = places.next() {
            let server = &self.servers.0.servers[place];
            let asked = ask(server.pool.clone());
            let result = if places.peek().is_none() {
                asked.await
            } else {
                let mut answers = server.answers.subscribe();
                tokio::select! {
                    biased;
                    result = asked => result,
                    // It was seen not to answer: nobody waits for it.
                    _ = answers.wait_for(|answers| !answers) => continue,
                }
            };
            match result {
                Ok(value) => {
                    self.count(&server.name, "answered");
                    return Ok((value, place));
                }
                Err(error) if self.goes_on_after(place, &error) => {
                    self.count(&server.name, "failed");
                    answer = Some(Err(error));
                }
                Err(error) => return Err(error),
            }
        }
        match answer {
            Some(answer) => answer,
            None => unreachable!("the last server is waited for"),
        }
    }

    fn count(&self, server: &str, result: &'static str) {
        if self.is_counted {
            let labels = [("server", server.to_owned()), ("result", result.to_owned())];
            metrics::counter!("orderlog_views_reads_total", &labels).increment(1);
        }
    }

    /// Whether the next server is asked; notes what this failure says of its
    /// server. One that has much to do is not away: whoever waits there goes on
    /// waiting.
    fn goes_on_after(&self, place: usize, error: &impl Failure) -> bool {
        let Some(error) = error.database() else {
            return false;
        };
        if self.servers.has_replicas() && is_away(error) {
            self.servers.0.servers[place].set_answers(false, Some(error));
        }
        is_worth_another(error)
    }
}
