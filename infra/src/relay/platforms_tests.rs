use super::*;
use crate::epoch::LogIdentity;

const ID: TopicId = TopicId([1; 16]);
const OTHER: TopicId = TopicId([2; 16]);

const fn at(position: i64) -> LogPosition {
    LogPosition {
        epoch: 1,
        xid: 9,
        position,
    }
}

fn own(behind: Option<LogPosition>) -> PlatformProgress {
    PlatformProgress {
        topic_id: ID,
        epoch: 1,
        behind,
    }
}

/// At 100, with these platforms behind.
fn progress(platforms: &[(&str, Option<i64>)]) -> Progress {
    let platforms = platforms.iter();
    Progress {
        at: at(100),
        topic_id: OTHER,
        log: LogIdentity {
            system: "1".into(),
            timeline: Some(1),
            database: 5,
        },
        platforms: platforms
            .map(|(slug, behind)| ((*slug).to_owned(), own(behind.map(at))))
            .collect(),
    }
}

fn topics_of(platforms: &[&str]) -> PlatformTopics {
    let names = platforms.iter();
    PlatformTopics {
        names: Arc::new(
            names
                .map(|slug| ((*slug).to_owned(), Arc::from(*slug)))
                .collect(),
        ),
        known: OrderPlatforms::default(),
    }
}

#[test]
fn who_is_furthest_behind_is_brought_to_the_next() {
    let topics = topics_of(&["a", "b", "c"]);
    let mut now = progress(&[
        ("a", Some(10)),
        ("b", Some(40)),
        ("c", None),
        ("left", Some(3)),
    ]);
    let gap = topics.gap(&now).expect("a is behind");
    assert_eq!((gap.after, gap.to), (at(10), at(40)));
    let (next, complete) = topics.filled(&now, gap, at(25));
    assert!(complete.is_empty());
    assert_eq!(next.platforms["a"].behind, Some(at(25)));
    now = topics
        .filled(&next, topics.gap(&next).expect("still"), at(40))
        .0;
    let gap = topics.gap(&now).expect("both are behind");
    assert_eq!((gap.after, gap.to), (at(40), at(100)));
    let (next, complete) = topics.filled(&now, gap, at(100));
    assert_eq!(complete, ["a", "b"]);
    assert_eq!(topics.gap(&next), None);
    assert_eq!(next.platforms["left"].behind, Some(at(3)), "nobody asks");
    assert_eq!(next.at, now.at);
}

#[test]
fn what_is_new_meanwhile_is_only_for_those_who_lack_nothing() {
    let topics = topics_of(&["a", "b", "c"]);
    let now = progress(&[("a", Some(10)), ("b", None), ("left", None)]);
    let being = |behind| {
        let being = topics.being(&now, behind);
        being.map(|(slug, _)| slug.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(being(None), ["b"]);
    assert_eq!(being(Some(at(10))), ["a"]);
}

#[test]
fn a_topic_that_is_left_stays_where_it_was() {
    assert_eq!(settled(None, at(100), true), Some(at(100)));
    assert_eq!(settled(Some(at(7)), at(100), true), Some(at(7)));
    assert_eq!(settled(Some(at(7)), at(100), false), Some(at(7)));
    assert_eq!(settled(Some(at(100)), at(100), false), None);
    assert_eq!(settled(None, at(100), false), None);
}

#[test]
fn another_topic_begins_only_where_that_is_allowed() {
    let published = |id: TopicId| KnownTopic::Published(id.to_string());
    let known = own(None);
    let judged = |own, found, known| judge(own, found, &known);
    let goes_on = judged(Some(&known), ID, KnownTopic::Never);
    assert_eq!(goes_on, Verdict::GoesOn, "the log was restored");
    assert_eq!(
        judged(Some(&known), ID, KnownTopic::Allowed),
        Verdict::GoesOn
    );
    for (own, known) in [
        (None, KnownTopic::Never),
        (None, published(OTHER)),
        (None, KnownTopic::Allowed),
        (Some(&known), KnownTopic::Allowed),
        (Some(&known), published(OTHER)),
    ] {
        assert_eq!(judged(own, OTHER, known), Verdict::Begins);
    }
    let replaced = Verdict::Replaced(ID.to_string());
    assert_eq!(judged(None, OTHER, published(ID)), replaced);
    assert_eq!(judged(Some(&known), OTHER, published(ID)), replaced);
    assert_eq!(judged(Some(&known), OTHER, KnownTopic::Never), replaced);
}
