//! Log lines on their way out.
//!
//! Each line is a system call, under a lock that all threads share. A line for each
//! request is too many of them where requests come by the ten thousand a second: so
//! those that follow each other that closely wait for company, for some milliseconds.
//! A line of anything else is written at once, after whatever waits.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Lines of requests that come faster than this wait.
const CLOSE: Duration = Duration::from_micros(200);
/// How long they do.
const PATIENCE: Duration = Duration::from_millis(20);
/// How many bytes do.
const FULL: usize = 16 << 10;

/// Where lines go. Cheap to clone.
#[derive(Clone)]
pub struct Lines(Arc<Shared>);

struct Shared {
    /// What lines of requests come from.
    requests: &'static str,
    waiting: Mutex<Waiting>,
    /// Something waits.
    some: Condvar,
}

struct Waiting {
    bytes: Vec<u8>,
    /// When the last line came that may wait.
    last: Instant,
    out: Box<dyn Write + Send>,
}

/// Takes one line.
pub struct Line<'a> {
    shared: &'a Shared,
    may_wait: bool,
}

impl Lines {
    /// Lines to `out`, of which those of the target `requests` may wait.
    ///
    /// # Errors
    /// When no thread can be begun that writes what waits.
    pub fn new(out: impl Write + Send + 'static, requests: &'static str) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(out, requests));
        let waiting = Arc::clone(&shared);
        let writer = thread::Builder::new().name("log lines".to_owned());
        writer.spawn(move || waiting.keep_writing())?;
        Ok(Self(shared))
    }

    /// Writes what waits.
    pub fn write_out(&self) {
        // Nobody is left to be told that it cannot be told.
        let _ = self.0.waiting().write_out();
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            shared: &self.0,
            may_wait: false,
        }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Line<'a> {
        Line {
            shared: &self.0,
            may_wait: about.target() == self.0.requests && *about.level() >= Level::INFO,
        }
    }
}

impl Shared {
    fn new(out: impl Write + Send + 'static, requests: &'static str) -> Self {
        let waiting = Waiting {
            bytes: Vec::with_capacity(FULL),
            last: Instant::now(),
            out: Box::new(out),
        };
        Self {
            requests,
            waiting: Mutex::new(waiting),
            some: Condvar::new(),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_writing(&self) {
        loop {
            let nothing = |waiting: &mut Waiting| waiting.bytes.is_empty();
            let some = self.some.wait_while(self.waiting(), nothing);
            drop(some);
            thread::sleep(PATIENCE);
            let _ = self.waiting().write_out();
        }
    }
}

impl Waiting {
    fn write_out(&mut self) -> io::Result<()> {
        let written = self.out.write_all(&self.bytes);
        self.bytes.clear();
        written
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.shared.waiting();
        let was_empty = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        let waits = self.may_wait && {
            let now = Instant::now();
            let close = now.saturating_duration_since(waiting.last) < CLOSE;
            waiting.last = now;
            (close || !was_empty) && waiting.bytes.len() < FULL
        };
        if !waits {
            waiting.write_out()?;
        } else if was_empty {
            self.shared.some.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shared.waiting().write_out()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    struct Out(Sender<Vec<u8>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(bytes.to_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Lines that nobody writes who was not told to.
    fn lines() -> (Shared, Receiver<Vec<u8>>) {
        let (sent, written) = channel();
        (Shared::new(Out(sent), "requests"), written)
    }

    fn say(shared: &Shared, may_wait: bool, text: &str) {
        let mut line = Line { shared, may_wait };
        line.write_all(text.as_bytes()).expect("room");
    }

    /// As if the next line came at once after, or long after, one that may wait.
    fn next_is_close(lines: &Shared, close: bool) {
        let now = Instant::now();
        let last = if close {
            Some(now + Duration::from_hours(1))
        } else {
            now.checked_sub(CLOSE)
        };
        lines.waiting().last = last.expect("the machine is older");
    }

    #[test]
    fn lines_of_requests_that_are_close_wait_for_each_other_and_for_nothing_else() {
        let (lines, written) = lines();
        next_is_close(&lines, true);
        say(&lines, true, "a\n");
        say(&lines, true, "b\n");
        assert!(written.try_recv().is_err());
        say(&lines, false, "c\n");
        assert_eq!(written.try_recv().expect("all of them"), b"a\nb\nc\n");
    }

    #[test]
    fn a_line_alone_is_written_before_anything_else_is_done() {
        let (lines, written) = lines();
        next_is_close(&lines, false);
        say(&lines, true, "a\n");
        assert_eq!(written.try_recv().expect("it is written"), b"a\n");
    }

    #[test]
    fn no_more_wait_than_may() {
        let (lines, written) = lines();
        next_is_close(&lines, true);
        say(&lines, true, &"x".repeat(FULL));
        assert_eq!(written.try_recv().expect("it is full").len(), FULL);
    }

    #[test]
    fn what_waits_is_written_without_anything_to_follow() {
        let (sent, written) = channel();
        let lines = Lines::new(Out(sent), "requests").expect("a thread");
        for line in ["a\n", "b\n"] {
            next_is_close(&lines.0, true);
            say(&lines.0, true, line);
            assert_eq!(written.recv().expect("a line"), line.as_bytes());
        }
    }
}
