//! A line for each step, with its time.

use infra::local_servers::Step;
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Tells how the start is going, on standard error.
pub struct Steps {
    began: Instant,
    last: Mutex<Instant>,
}

impl Steps {
    /// From now on.
    pub fn new() -> Self {
        let now = Instant::now();
        Self {
            began: now,
            last: Mutex::new(now),
        }
    }

    /// A step of the servers, which know how long it took.
    pub fn server(&self, step: Step<'_>) {
        match step {
            Step::Begun(what) => self.say(what),
            Step::Done(what, took) => self.line(what, took),
        }
    }

    /// A step that began when the last one ended.
    pub fn done(&self, what: &str) {
        let took = self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed();
        self.line(what, took);
    }

    /// Something that takes a while has begun.
    pub fn say(&self, what: &str) {
        eprintln!("{:>8}  {what} …", "");
        self.touch();
    }

    /// Something came to its end beside all else.
    #[expect(clippy::unused_self, reason = "all that is told goes through here")]
    pub fn tell(&self, what: &str) {
        eprintln!("{:>8}  {what}", "");
    }

    /// Everything is there.
    pub fn ready(&self) {
        eprintln!("{:>7.1}s  in all", self.began.elapsed().as_secs_f64());
    }

    fn line(&self, what: &str, took: Duration) {
        eprintln!("{:>7.1}s  {what}", took.as_secs_f64());
        self.touch();
    }

    fn touch(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}
