//! Tasks beside the requests.

use infra::lifecycle::Lifecycle;
use std::time::Duration;

/// Where tasks run that a draining server still needs: they end only when it
/// accepts nothing any more.
pub struct Background<'a> {
    lifecycle: &'a Lifecycle,
    drain: Duration,
}

impl<'a> Background<'a> {
    /// On `lifecycle`, and for `drain` longer than it.
    pub const fn new(lifecycle: &'a Lifecycle, drain: Duration) -> Self {
        Self { lifecycle, drain }
    }

    /// Runs `task`, which never ends by itself.
    pub fn spawn(&self, name: &str, task: impl Future<Output = ()> + Send + 'static) {
        let (shutdown, drain) = (self.lifecycle.shutdown.clone(), self.drain);
        let drained = async move {
            shutdown.cancelled().await;
            tokio::time::sleep(drain).await;
        };
        self.lifecycle.spawn(name, async move {
            tokio::select! { () = task => {}, () = drained => {} }
            Ok(())
        });
    }
}
