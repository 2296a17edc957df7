//! Arbitrary and mutated input for every parser of what others write. Nothing of it
//! may panic or take long, and what is accepted reads back as it was.
//!
//! Each target has [`SECONDS`] seconds; an input that fails is kept in
//! `regressions/` and tried first from then on.

mod cursors;
mod events;
mod figures;
mod files;
mod requests;

use anyhow::{Context as _, Result, bail};
use libtest_mimic::Trial;
use proptest::{
    collection::vec,
    prelude::{Strategy, any, prop_oneof},
    sample::{Index, select},
    test_runner::{Config, FileFailurePersistence, TestCaseError, TestError, TestRunner},
};
use std::{
    env, fs,
    time::{Duration, Instant},
};

/// How many seconds each target has; 2 where it is not set.
const SECONDS: &str = "ORDERLOG_FUZZ_SECONDS";
/// Inputs between two looks at the clock.
const BATCH: u32 = 128;
/// How long one input may take, on a machine that is busy.
const LONGEST: Duration = Duration::from_secs(2);

/// All targets.
pub fn trials() -> Vec<Trial> {
    [
        cursors::trials(),
        events::trials(),
        figures::trials(),
        files::trials(),
        requests::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What one input is held against; an error says what does not hold.
type Verdict = Result<()>;

/// Tries inputs until the time is over.
fn try_all<T: std::fmt::Debug>(
    target: &'static str,
    input: &impl Strategy<Value = T>,
    holds: impl Fn(&T) -> Verdict,
) -> Result<()> {
    let time = match env::var(SECONDS) {
        Ok(text) => Duration::from_secs(text.parse().context(SECONDS)?),
        Err(_) => Duration::from_secs(2),
    };
    let folder = tests::root().join("tests/tests/e2e/fuzz/regressions");
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{target}.txt"));
    let file = file.to_str().context("a path is text")?.to_owned();
    let config = Config {
        cases: BATCH,
        // One text for each target of a run.
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file.leak()))),
        source_file: Some(file!()),
        ..Config::default()
    };
    let (began, mut tried) = (Instant::now(), 0_u64);
    while began.elapsed() < time {
        let mut runner = TestRunner::new(config.clone());
        let run = runner.run(input, |input| {
            let began = Instant::now();
            holds(&input).map_err(|error| TestCaseError::fail(format!("{error:#}")))?;
            let took = began.elapsed();
            if took > LONGEST {
                return Err(TestCaseError::fail(format!("it took {took:?}")));
            }
            Ok(())
        });
        match run {
            Ok(()) => tried += u64::from(BATCH),
            Err(TestError::Fail(why, input)) => bail!("{target}: {why}: {input:?}"),
            Err(TestError::Abort(why)) => bail!("{target}: {why}"),
        }
    }
    eprintln!("{target}: {tried} inputs");
    Ok(())
}

/// A change of valid input.
#[derive(Debug, Clone)]
enum Change {
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Delete(Index, Index),
    Repeat(Index, Index),
    Move(Index, Index, Index),
    CutOff(Index),
}

/// What parsers are fond of.
const FRAGMENTS: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"'",
    b",",
    b";",
    b":",
    b"=",
    b"&",
    b"%",
    b"%00",
    b"%ff",
    b"-",
    b"--",
    b"+",
    b".",
    b"..",
    b"/",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[[[[[[[[[[[[[[[",
    b"\r\n",
    b"\n",
    b" ",
    b"\t",
    b"*",
    b"W/\"",
    b"0",
    b"-0",
    b"00",
    b"1e400",
    b"1e-400",
    b"NaN",
    b"null",
    b"true",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"99999999999999999999999999999999999999999",
    b"0.000000000000000000001",
    b"9999-12-31T23:59:59.999999999Z",
    b"0000-01-01",
    b"\xe2\x80\xae",
    b"\xef\xbb\xbf",
    b"\xcc\x81",
];

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    let bytes = prop_oneof![
        3 => select(FRAGMENTS).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 1..8),
    ];
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, bits)| Change::Flip(at, bits)),
        (place(), bytes).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (place(), place()).prop_map(|(from, to)| Change::Delete(from, to)),
        (place(), place()).prop_map(|(from, to)| Change::Repeat(from, to)),
        (place(), place(), place()).prop_map(|(from, to, at)| Change::Move(from, to, at)),
        place().prop_map(Change::CutOff),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |index: &Index, bytes: &Vec<u8>| index.index(bytes.len() + 1);
        let range = |one: &Index, other: &Index, bytes: &Vec<u8>| {
            let (one, other) = (place(one, bytes), place(other, bytes));
            one.min(other)..one.max(other)
        };
        match self {
            Self::Flip(at, bits) => {
                let at = place(at, bytes);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= bits;
                }
            }
            Self::Insert(at, more) => {
                let at = place(at, bytes);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Delete(from, to) => {
                let range = range(from, to, bytes);
                bytes.drain(range);
            }
            Self::Repeat(from, to) => {
                let range = range(from, to, bytes);
                let again = bytes[range.clone()].to_vec();
                bytes.splice(range.end..range.end, again);
            }
            Self::Move(from, to, at) => {
                let range = range(from, to, bytes);
                let moved: Vec<u8> = bytes.drain(range).collect();
                let at = place(at, bytes);
                bytes.splice(at..at, moved);
            }
            Self::CutOff(at) => {
                let at = place(at, bytes);
                bytes.truncate(at);
            }
        }
    }
}

/// Bytes of any kind, and such as one of the seeds became by some changes.
fn bytes(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changed = (select(seeds), vec(change(), 0..6)).prop_map(|(mut bytes, changes)| {
        for change in changes {
            change.apply(&mut bytes);
        }
        bytes
    });
    prop_oneof![1 => vec(any::<u8>(), 0..200), 6 => changed]
}

/// The same as texts.
fn text(seeds: &[&str]) -> impl Strategy<Value = String> {
    let seeds = seeds.iter().map(|seed| seed.as_bytes().to_vec());
    let changed = bytes(seeds.collect());
    let changed = changed.prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    prop_oneof![1 => any::<String>(), 6 => changed]
}
