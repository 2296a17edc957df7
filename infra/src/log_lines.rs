//! Log lines on their way out.
//!
//! Each line is a system call, under a lock that all threads share. A line for each
//! request is too many of them where requests come by the ten thousand a second: so
//! those that follow each other that closely wait for company, for some milliseconds.
//! A line of anything else is written at once, after whatever waits. What is not taken
//! now (a pipe that is full, and does not block) waits for the next moment.

use std::{
    io::{self, ErrorKind, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError},
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
/// How many bytes wait at most where nobody takes them: later lines are lost.
const MOST: usize = 1 << 20;
/// How often it is tried in the end to write what waits, with [`PATIENCE`] in between.
const LAST_TRIES: usize = 10;

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

    /// Writes what waits, before there is nobody any more who would: as much as is
    /// taken in a fifth of a second. It may be called wherever a panic is.
    pub fn write_out(&self) {
        for _ in 0..LAST_TRIES {
            // The one who panics may have it.
            let waiting = match self.0.waiting.try_lock() {
                Ok(waiting) => Some(waiting),
                Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            };
            if let Some(mut waiting) = waiting {
                // Nobody is left to be told that it cannot be told.
                let written = waiting.write_out();
                if written.is_err() || waiting.bytes.is_empty() {
                    return;
                }
            }
            thread::sleep(PATIENCE);
        }
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
    /// Writes what is taken at once. The rest waits on, without an error.
    ///
    /// # Errors
    /// Why nothing more will be taken: what has waited is lost.
    fn write_out(&mut self) -> io::Result<()> {
        let mut taken = 0;
        let outcome = loop {
            let rest = &self.bytes[taken..];
            if rest.is_empty() {
                break Ok(());
            }
            match self.out.write(rest) {
                Ok(0) => break Err(ErrorKind::WriteZero.into()),
                Ok(more) => taken += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        self.bytes.drain(..taken);
        match outcome {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.bound();
                Ok(())
            }
            outcome => {
                self.bytes.clear();
                outcome
            }
        }
    }

    /// Throws the last lines away that are too many.
    fn bound(&mut self) {
        if self.bytes.len() > MOST {
            let ends = self.bytes[..MOST].iter().rposition(|byte| *byte == b'\n');
            self.bytes.truncate(ends.map_or(MOST, |end| end + 1));
        }
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
        }
        if was_empty && !waiting.bytes.is_empty() {
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

    /// Takes so many bytes, then nothing until it is told to go on.
    struct Pipe {
        room: Arc<Mutex<usize>>,
        out: Out,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut room = self.room.lock().expect("a figure");
            let taken = bytes.len().min(*room);
            if taken == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            *room -= taken;
            self.out.write(&bytes[..taken])
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Lines to a pipe with so much room, and what comes out of it.
    fn pipe(room: usize) -> (Pipe, Arc<Mutex<usize>>, Receiver<Vec<u8>>) {
        let (sent, written) = channel();
        let room = Arc::new(Mutex::new(room));
        let pipe = Pipe {
            room: Arc::clone(&room),
            out: Out(sent),
        };
        (pipe, room, written)
    }

    #[test]
    fn what_a_full_pipe_does_not_take_is_written_once_there_is_room() {
        let (pipe, room, written) = pipe(3);
        let lines = Shared::new(pipe, "requests");
        say(&lines, false, "one\n");
        assert_eq!(written.try_recv().expect("a part"), b"one");
        say(&lines, false, "two\n");
        assert!(written.try_recv().is_err(), "there is no room");
        *room.lock().expect("a figure") = 100;
        say(&lines, false, "three\n");
        let rest = written.try_recv().expect("the rest");
        assert_eq!(rest, b"\ntwo\nthree\n");
    }

    #[test]
    fn what_a_full_pipe_does_not_take_is_written_without_anything_to_follow() {
        let (pipe, room, written) = pipe(0);
        let lines = Lines::new(pipe, "requests").expect("a thread");
        say(&lines.0, false, "a\n");
        *room.lock().expect("a figure") = 100;
        assert_eq!(written.recv().expect("a line"), b"a\n");
    }

    #[test]
    fn of_what_nobody_takes_whole_lines_wait_up_to_a_bound() {
        let (pipe, room, written) = pipe(0);
        let lines = Shared::new(pipe, "requests");
        let line = format!("{}\n", "x".repeat(99_999));
        for _ in 0..2 * MOST / line.len() {
            say(&lines, false, &line);
        }
        *room.lock().expect("a figure") = usize::MAX;
        lines.waiting().write_out().expect("room");
        let told = written.try_recv().expect("what waited");
        assert_eq!(told.len(), MOST / line.len() * line.len());
    }

    #[test]
    fn what_waits_is_written_in_the_end_even_while_somebody_else_writes() {
        let (sent, written) = channel();
        let lines = Lines(Arc::new(Shared::new(Out(sent), "requests")));
        next_is_close(&lines.0, true);
        say(&lines.0, true, "a\n");
        let waiting = lines.0.waiting();
        // It returns, whoever has the lines; with nothing written, if it is for long.
        lines.write_out();
        assert!(written.try_recv().is_err());
        drop(waiting);
        lines.write_out();
        assert_eq!(written.try_recv().expect("all that waited"), b"a\n");
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
