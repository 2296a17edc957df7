//! The stored form of the events, and what is published of it.

use super::{bare, history, web};
use crate::{
    order::ContractError,
    platform::{ChangePlatform, Platform, PlatformCommand, PlatformEvent, evolve},
};
use contracts::{platform as published, whole::AfterVersion};
use std::fmt::Write;

/// Events as this release began to write them: what every later one reads.
const KEPT: &str = include_str!("../../../fixtures/platform-events-1.ndjson");

fn course() -> Vec<PlatformCommand> {
    let change = ChangePlatform {
        expire_unpaid_after_seconds: Some(None),
        ..ChangePlatform::default()
    };
    vec![
        bare("web").into(),
        web().into(),
        change.into(),
        PlatformCommand::Deactivate,
        PlatformCommand::Archive,
        PlatformCommand::Restore,
    ]
}

/// Where this fails, an event is stored in another form than before. Add a
/// version with an upcaster; never change this file but by lines at its end.
#[test]
fn events_are_stored_as_they_were_when_the_format_began() {
    let (platform, events) = history(course());
    let mut text = String::new();
    for event in &events {
        let payload = serde_json::to_string(event).expect("JSON");
        writeln!(text, "{payload}").expect("a text");
    }
    assert_eq!(text, KEPT, "{text}");
    let names: Vec<&str> = events.iter().map(PlatformEvent::name).collect();
    let stored = names.iter().zip(KEPT.lines());
    let read = stored.map(|(name, line)| PlatformEvent::decode((name, "1", line)));
    let read: Vec<PlatformEvent> = read.collect::<Result<_, _>>().expect("readable");
    assert_eq!(read.iter().fold(Platform::default(), evolve), platform);
}

#[test]
fn moved_and_written_anew_are_the_same() {
    let (_, events) = history(course());
    for (version, event) in (1..).zip(events) {
        let payload = serde_json::to_string(&event).expect("JSON");
        let after = AfterVersion { version };
        let after_text = serde_json::to_string(&after).expect("JSON");
        let moved = PlatformEvent::contract_data((event.name(), "1", &payload), &after_text);
        let fact = event.clone().into();
        let told = published::PlatformEvent { fact, after };
        let data = told.to_data().expect("JSON");
        assert_eq!(
            moved.expect("publishable"),
            (told.event_type(), data.clone())
        );
        let read = published::PlatformEvent::from_data(told.event_type(), &data);
        assert_eq!(read.expect("readable"), told);
        // Blanks are not how it is written, so it is read and written anew.
        let loose = payload.replacen(':', ": ", 1);
        let anew = PlatformEvent::contract_data((event.name(), "1", &loose), &after_text);
        assert_eq!(anew.expect("publishable"), (told.event_type(), data));
    }
}

#[test]
fn a_stream_is_published_with_its_versions_counted_again() {
    let (_, events) = history(course());
    let payloads: Vec<(&str, String)> = events
        .iter()
        .map(|event| (event.name(), serde_json::to_string(event).expect("JSON")))
        .collect();
    let stream = payloads
        .iter()
        .map(|(name, payload)| (*name, "1", payload.as_str()));
    let told = PlatformEvent::contract_stream(stream).expect("publishable");
    let types: Vec<&str> = told
        .iter()
        .map(published::PlatformEvent::event_type)
        .collect();
    assert_eq!(
        types,
        [
            "platform.saved",
            "platform.saved",
            "platform.saved",
            "platform.saved",
            "platform.archived",
            "platform.restored"
        ]
    );
    assert!(
        (1..)
            .zip(&told)
            .all(|(version, event)| event.after.version == version)
    );
}

#[test]
fn a_newer_version_is_told_apart_from_damage() {
    for (stored, newer) in [
        (("PlatformSaved", "2", "{}"), true),
        (("PlatformSaved", "1", "{}"), false),
        (("PlatformPainted", "1", r#"{"PlatformPainted":{}}"#), true),
    ] {
        let refused = PlatformEvent::contract_data(stored, r#"{"version":1}"#);
        let refused = refused.expect_err("unreadable");
        assert_eq!(
            matches!(refused, ContractError::Version(_)),
            newer,
            "{stored:?}"
        );
    }
}
