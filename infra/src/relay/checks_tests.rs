use super::*;
use crate::epoch::LogIdentity;
use std::collections::BTreeMap;
use time::OffsetDateTime;

const ID: TopicId = TopicId([1; 16]);
const OTHER: TopicId = TopicId([2; 16]);
const AT: LogPosition = LogPosition {
    epoch: 1,
    xid: 9,
    position: 7,
};

fn log(database: u32) -> LogIdentity {
    LogIdentity {
        system: "1".into(),
        timeline: Some(1),
        database,
    }
}

fn epoch(number: i32, database: u32) -> Epoch {
    Epoch {
        epoch: number,
        identity: log(database),
        began_at: OffsetDateTime::UNIX_EPOCH,
        reason: None,
        last: None,
        last_recorded_at: None,
        contradiction: None,
    }
}

fn judged_in(epochs: &[Epoch], recorded: Recorded) -> Result<LogPosition, RelayError> {
    let names = TopicNames {
        events: "e".into(),
        progress: "p".into(),
        reference: Vec::new(),
        platforms: BTreeMap::new(),
    };
    judge(&names, ID, epochs, recorded).map(|progress| progress.at)
}

fn judged(recorded: Recorded) -> Result<LogPosition, RelayError> {
    judged_in(&[epoch(1, 5)], recorded)
}

fn progress(topic_id: TopicId, log: LogIdentity, in_log: bool) -> Recorded {
    progress_at(AT, topic_id, log, in_log)
}

fn progress_at(at: LogPosition, topic_id: TopicId, log: LogIdentity, in_log: bool) -> Recorded {
    Recorded::Progress {
        progress: Progress {
            at,
            topic_id,
            log,
            platforms: BTreeMap::new(),
        },
        in_log,
    }
}

fn nothing(events_held: bool, known: KnownTopic) -> Recorded {
    Recorded::Nothing { events_held, known }
}

#[test]
fn it_goes_on_where_it_was_and_starts_only_where_nothing_is() {
    let at = judged(progress(ID, log(5), true)).expect("agrees");
    assert_eq!(at, AT);
    for known in [
        KnownTopic::Never,
        KnownTopic::Allowed,
        KnownTopic::Published(ID.to_string()),
    ] {
        let at = judged(nothing(false, known)).expect("nothing was published");
        assert_eq!(at, LogPosition::START);
    }
}

#[test]
fn a_contradiction_is_never_a_start_from_zero() {
    let lost = judged(nothing(true, KnownTopic::Never));
    assert!(matches!(lost, Err(RelayError::ProgressLost { .. })));
    let emptied = judged(nothing(false, KnownTopic::Published(OTHER.to_string())));
    assert!(matches!(emptied, Err(RelayError::KafkaEmptied { .. })));
    let other = judged(progress(OTHER, log(5), true));
    assert!(matches!(other, Err(RelayError::OtherTopic { .. })));
    let other = judged(progress(ID, log(6), true));
    assert!(matches!(other, Err(RelayError::OtherLog { .. })));
    let fell_back = judged(progress(ID, log(5), false));
    assert!(matches!(fell_back, Err(RelayError::LogFellBack { .. })));
}

#[test]
fn an_older_epoch_is_gone_on_from_whatever_the_log_lost() {
    let epochs = [epoch(1, 5), epoch(2, 6)];
    let at = judged_in(&epochs, progress(ID, log(5), false)).expect("its own past");
    assert_eq!(at, AT);
    let other = judged_in(&epochs, progress(ID, log(6), true));
    assert!(matches!(other, Err(RelayError::OtherLog { .. })));
    let announced = progress_at(beginning(2), ID, log(6), false);
    assert_eq!(
        judged_in(&epochs, announced).expect("announced"),
        beginning(2)
    );
}

#[test]
fn an_epoch_that_the_log_has_forgotten_is_a_log_that_fell_back() {
    let later = || progress_at(LogPosition { epoch: 2, ..AT }, ID, log(5), false);
    let fell_back = judged(later());
    assert!(matches!(fell_back, Err(RelayError::LogFellBack { .. })));
    let epochs = [epoch(1, 5), epoch(3, 5)];
    assert!(judged_in(&epochs, later()).is_ok(), "a new one came after");
}
