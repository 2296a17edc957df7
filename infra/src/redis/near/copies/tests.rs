use super::*;
use proptest::{collection::vec, prelude::*};

const KEY: &str = "k";
const ROOM: u64 = 1 << 20;
/// What Redis keeps an entry for yet.
const LEFT: Duration = Duration::from_secs(4);

const fn version(build: u64) -> Version {
    Version { build, number: 0 }
}

fn entry(build: u64) -> Entry {
    Entry::new(version(build), format!("{{\"n\":{build}}}"))
}

/// Copies with a subscription, as of now.
fn open() -> (Copies, Instant) {
    let (copies, now) = (Copies::new(ROOM), Instant::now());
    assert!(copies.opened(1, now));
    (copies, now)
}

/// Asks Redis, which answers at once.
fn fill(copies: &Copies, build: u64, now: Instant) {
    let asked = copies.asking(KEY, now);
    copies.answered(KEY, asked, (&entry(build), LEFT), now);
}

/// The version of the copy that is told.
fn told(copies: &Copies, now: Instant) -> Option<u64> {
    match copies.look(KEY, now) {
        Looked::Kept(kept) => Some(kept.entry.version.build),
        Looked::Old | Looked::Nothing | Looked::Closed => None,
    }
}

#[test]
fn an_answer_of_redis_is_told_again_until_it_changes() {
    let (copies, now) = open();
    fill(&copies, 5, now);
    assert_eq!(told(&copies, now), Some(5));
    assert!(copies.changed(KEY), "there was a copy");
    assert_eq!(told(&copies, now), None);
    assert!(!copies.changed(KEY));
}

#[test]
fn an_answer_that_was_asked_for_before_a_change_is_not_kept() {
    let (copies, now) = open();
    let asked = copies.asking(KEY, now);
    copies.changed(KEY);
    copies.answered(KEY, asked, (&entry(5), LEFT), now);
    assert_eq!(told(&copies, now), None);
}

#[test]
fn an_answer_that_was_asked_for_before_all_was_dropped_is_not_told() {
    let (copies, now) = open();
    let asked = copies.asking(KEY, now);
    copies.drop_all();
    copies.answered(KEY, asked, (&entry(5), LEFT), now);
    assert_eq!(told(&copies, now), None);
    fill(&copies, 6, now);
    assert_eq!(told(&copies, now), Some(6), "it is not in the way");
}

#[test]
fn a_copy_is_not_told_before_it_is_known_that_nothing_has_happened() {
    let (copies, now) = open();
    let asked = copies.asking(KEY, now);
    let claim = copies
        .claim(KEY, asked, (&entry(7), LEFT), now)
        .expect("the first");
    copies.told(KEY, version(8));
    copies.put(KEY, &claim, now);
    assert_eq!(told(&copies, now), None, "somebody was told the next one");
    assert!(!copies.settle(KEY, &claim));
    assert_eq!(told(&copies, now), None);
    assert!(!copies.changed(KEY), "it is gone");
}

#[test]
fn a_change_takes_away_what_is_not_told_yet() {
    for heard in [true, false] {
        let (copies, now) = open();
        let asked = copies.asking(KEY, now);
        let claim = copies
            .claim(KEY, asked, (&entry(7), LEFT), now)
            .expect("the first");
        copies.put(KEY, &claim, now);
        if heard {
            assert!(copies.changed(KEY), "there is one");
        } else {
            copies.told(KEY, version(8));
        }
        assert!(!copies.changed(KEY), "heard: {heard}");
        assert!(!copies.settle(KEY, &claim));
        assert_eq!(told(&copies, now), None, "heard: {heard}");
    }
}

#[test]
fn of_two_answers_the_older_one_never_stays() {
    let (copies, now) = open();
    for older_first in [true, false] {
        let asked = [copies.asking(KEY, now), copies.asking(KEY, now)];
        let order = if older_first { [5, 6] } else { [6, 5] };
        for (asked, build) in asked.into_iter().zip(order) {
            copies.answered(KEY, asked, (&entry(build), LEFT), now);
        }
        assert!(told(&copies, now) != Some(5), "older first: {older_first}");
        copies.changed(KEY);
    }
}

#[test]
fn an_older_copy_is_not_told_after_a_newer_version_was() {
    let (copies, now) = open();
    fill(&copies, 5, now);
    copies.told(KEY, version(5));
    assert_eq!(told(&copies, now), Some(5), "the same one");
    let asked = copies.asking(KEY, now);
    copies.told(KEY, version(6));
    assert_eq!(told(&copies, now), None);
    copies.answered(KEY, asked, (&entry(5), LEFT), now);
    assert_eq!(told(&copies, now), None, "nor one that comes late");
}

#[test]
fn a_copy_counts_for_its_life_and_no_longer_than_its_document() {
    let (copies, now) = open();
    fill(&copies, 5, now);
    let later = now + LIFE;
    copies.confirmed(1, later);
    let just_before = now + LIFE.saturating_sub(Duration::from_millis(1));
    assert_eq!(told(&copies, just_before), Some(5));
    assert_eq!(told(&copies, later), None);
    for (age, kept) in [(2_000, true), (2_500, false)] {
        copies.changed(KEY);
        let mut old = entry(6);
        old.computed_at -= Duration::from_millis(age);
        let asked = copies.asking(KEY, later);
        copies.answered(KEY, asked, (&old, LEFT), later);
        assert_eq!(told(&copies, later).is_some(), kept, "{age} ms");
    }
}

/// Whatever the clock says by which it was stored.
#[test]
fn a_copy_is_told_for_no_longer_than_redis_keeps_its_document() {
    for left in [0, 500] {
        let (copies, now) = open();
        let left = Duration::from_millis(left);
        let mut ahead = entry(5);
        ahead.computed_at += Duration::from_hours(1);
        let asked = copies.asking(KEY, now);
        copies.answered(KEY, asked, (&ahead, left), now);
        let moment = Duration::from_millis(1);
        let just_before = left.checked_sub(moment).map(|life| now + life);
        assert!(just_before.is_none_or(|at| told(&copies, at) == Some(5)));
        assert_eq!(told(&copies, now + left), None, "{left:?}");
    }
}

#[test]
fn nothing_is_told_without_a_subscription_that_was_alive_a_moment_ago() {
    let copies = Copies::new(ROOM);
    let now = Instant::now();
    fill(&copies, 5, now);
    assert_eq!(told(&copies, now), None, "there was none yet");
    copies.opened(1, now);
    assert_eq!(told(&copies, now), None, "what was before it");
    fill(&copies, 5, now);
    assert_eq!(told(&copies, now), Some(5));
    assert_eq!(told(&copies, now + TRUST), None, "nobody knows");
    copies.confirmed(1, now + TRUST);
    assert_eq!(told(&copies, now + TRUST), Some(5), "it was alive");
    assert!(copies.lost(1));
    assert_eq!(told(&copies, now), None);
    copies.confirmed(1, now + TRUST);
    assert_eq!(told(&copies, now), None, "said before it was lost");
    assert!(copies.opened(2, now));
    assert_eq!(told(&copies, now), None, "of the one before");
    assert!(!copies.lost(1), "long known");
    fill(&copies, 6, now);
    assert_eq!(told(&copies, now), Some(6));
}

#[test]
fn a_subscription_that_is_lost_before_it_is_there_is_not_there() {
    let copies = Copies::new(ROOM);
    let now = Instant::now();
    assert!(!copies.lost(1));
    assert!(!copies.opened(1, now) && !copies.is_open(now));
    assert!(copies.opened(2, now) && copies.is_open(now));
}

#[test]
fn copies_take_no_more_than_they_may() {
    let (copies, now) = open();
    for number in 0..4_000 {
        let key = format!("order-{number}");
        let entry = Entry::new(version(1), vec![b'x'; 1_000]);
        copies.answered(&key, copies.asking(&key, now), (&entry, LEFT), now);
    }
    let bytes = tidied(&copies);
    assert!(bytes > ROOM / 2 && bytes <= ROOM, "{bytes}");
    copies.drop_all();
    assert_eq!(tidied(&copies), 0);
}

/// Bytes of copies once nothing is left to be taken out, some at a time.
fn tidied(copies: &Copies) -> u64 {
    for _ in 0..50 {
        copies.bytes();
    }
    copies.bytes()
}

/// What may happen next to one document, in Redis, on the way and here.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Redis has a newer one, and says so.
    Write,
    /// What Redis said longest ago arrives.
    Hear,
    /// Somebody asks, and Redis answers.
    Ask,
    /// One of those answers arrives.
    Answer(usize),
    /// One that has arrived and may become a copy is put where it is found.
    Put(usize),
    /// One that was put is looked at once more, and told.
    Settle(usize),
    /// Somebody looks for a copy.
    Look,
    /// Somebody was told by the database what Redis has.
    Read,
    /// The connection is lost, and what it was to bring; another one is there.
    Reconnect,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Write),
        2 => Just(Step::Hear),
        3 => Just(Step::Ask),
        3 => (0_usize..4).prop_map(Step::Answer),
        3 => (0_usize..2).prop_map(Step::Put),
        3 => (0_usize..2).prop_map(Step::Settle),
        4 => Just(Step::Look),
        1 => Just(Step::Read),
        1 => Just(Step::Reconnect),
    ]
}

proptest! {
    /// Whatever is early or late: nobody is told less than somebody before him, and
    /// what was heard of is not told any more.
    #[test]
    fn no_order_of_events_makes_a_copy_go_back(steps in vec(step(), 1..80)) {
        let (copies, now) = open();
        let (mut redis, mut unheard, mut highest, mut link) = (1, 0_u64, 0, 1);
        let (mut answers, mut claims, mut put) = (Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Write => {
                    redis += 1;
                    unheard += 1;
                }
                Step::Hear if unheard > 0 => {
                    unheard -= 1;
                    copies.changed(KEY);
                }
                Step::Ask => answers.push((copies.asking(KEY, now), redis)),
                Step::Answer(which) if which < answers.len() => {
                    let (asked, build) = answers.remove(which);
                    match copies.claim(KEY, asked, (&entry(build), LEFT), now) {
                        Some(claim) => claims.push((claim, build)),
                        None => highest = highest.max(build),
                    }
                }
                Step::Put(which) if which < claims.len() => {
                    let (claim, build) = claims.remove(which);
                    copies.put(KEY, &claim, now);
                    put.push((claim, build));
                }
                Step::Settle(which) if which < put.len() => {
                    let (claim, build) = put.remove(which);
                    copies.settle(KEY, &claim);
                    highest = highest.max(build);
                }
                Step::Look => {
                    let copy = told(&copies, now);
                    prop_assert!(copy.is_none_or(|copy| copy >= highest), "{copy:?} < {highest}");
                    if unheard == 0 {
                        prop_assert!(copy.is_none_or(|copy| copy == redis), "{copy:?} of {redis}");
                    }
                    highest = highest.max(copy.unwrap_or_default());
                }
                Step::Read => {
                    copies.told(KEY, version(redis));
                    highest = highest.max(redis);
                }
                Step::Reconnect => {
                    copies.lost(link);
                    prop_assert!(told(&copies, now).is_none());
                    link += 1;
                    unheard = 0;
                    copies.opened(link, now);
                }
                Step::Hear | Step::Answer(_) | Step::Put(_) | Step::Settle(_) => {}
            }
        }
    }
}
