//! Samples of stacks, put together where they are the same.

use std::collections::BTreeMap;

/// A frame, with what was above it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Samples that have it at this place.
    pub count: u64,
    /// What it called, by name.
    pub calls: BTreeMap<String, Frame>,
}

/// From `perf script`: the name of a thread, below it a line for each frame, the
/// innermost first, and an empty line after each sample.
pub fn folded(samples: &str) -> Frame {
    let mut all = Frame::default();
    for sample in samples.split("\n\n") {
        let mut lines = sample.lines().filter(|line| !line.trim().is_empty());
        let Some(thread) = lines.next() else { continue };
        let mut frames: Vec<&str> = lines.map(name).collect();
        frames.push(thread.trim());
        all.count += 1;
        let mut at = &mut all;
        for frame in frames.into_iter().rev() {
            at = at.calls.entry(frame.to_owned()).or_default();
            at.count += 1;
        }
    }
    all
}

/// `  7f00 crate::function::h0123456789abcdef` without address and hash.
fn name(line: &str) -> &str {
    let line = line.trim();
    let name = line.split_once(' ').map_or(line, |(_, name)| name);
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            name
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: &str = "worker \n\
        \t           16135 t::inner<a, b>\n\
        \t           16405 t::outer::h0123456789abcdef\n\
        \n\
        worker \n\
        \t           16405 t::outer\n\
        \n";

    #[test]
    fn what_is_the_same_is_counted_once_and_callers_come_first() {
        let all = folded(SAMPLES);
        assert_eq!(all.count, 2);
        let outer = &all.calls["worker"].calls["t::outer"];
        assert_eq!(outer.count, 2);
        assert_eq!(outer.calls["t::inner<a, b>"].count, 1);
    }
}
