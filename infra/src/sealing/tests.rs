//! Sealing and opening, with keys that are in memory.

use super::{
    MasterKey, OpenError, OpenProblem, PersonalEvent as _, SealError, SealProblem, Sealing,
    Unsealed,
    data_key::DataKey,
    error::{KeyProblem, Malformed},
    store::StoredKey,
};
use crate::{
    event_store::NewEvent,
    log::{Metadata, StoredEvent},
};
use contracts::LogPosition;
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;

const SUBJECT: Uuid = Uuid::from_u128(7);

/// With a key of [`SUBJECT`] in memory, and a database that nobody reaches.
async fn sealing() -> Sealing {
    let ops = PgPoolOptions::new()
        .acquire_timeout(Duration::from_millis(50))
        .connect_lazy("postgres://nobody@127.0.0.1:1/ops")
        .expect("a URL");
    let sealing = Sealing::new(ops, master());
    new_key(&sealing).await;
    sealing
}

async fn new_key(sealing: &Sealing) {
    let key = DataKey::new(&DataKey::random().expect("randomness")).expect("a key");
    sealing.keys.remember(SUBJECT, Arc::new(key)).await;
}

fn master() -> MasterKey {
    MasterKey::from_base64(&MasterKey::random().expect("randomness")).expect("a key")
}

fn new(sequence: i64, payload: &str) -> Unsealed {
    Unsealed {
        event: NewEvent {
            sequence,
            event_type: "Happened".into(),
            event_version: "1".into(),
            payload: payload.into(),
            metadata: Metadata::default(),
        },
        subject: Some(SUBJECT),
    }
}

fn stored(aggregate_id: &str, event: NewEvent) -> StoredEvent {
    StoredEvent {
        aggregate_type: "order".into(),
        aggregate_id: aggregate_id.into(),
        sequence: event.sequence,
        event_type: event.event_type,
        event_version: event.event_version,
        payload: event.payload,
        metadata: event.metadata,
        at: LogPosition::START,
        recorded_at: OffsetDateTime::UNIX_EPOCH,
    }
}

const PLACED: &str = r#"{"Placed": {"n": 1.0, "personal": {"name": "Ada"}, "z": []}}"#;

/// [`PLACED`] as event 1 of `a`, sealed.
async fn placed(sealing: &Sealing) -> StoredEvent {
    let (sealed, _) = sealing.seal("a", &[new(1, PLACED)]).await.expect("a key");
    stored("a", sealed.into_iter().next().expect("one event"))
}

fn problem(result: Result<super::KeysUsed, OpenError>) -> OpenProblem {
    match result {
        Err(OpenError::Event { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_sealed_hides_only_the_member_and_opens_again() {
    let sealing = sealing().await;
    let mut event = placed(&sealing).await;
    assert!(!event.payload.contains("Ada"), "{}", event.payload);
    let json: Value = serde_json::from_str(&event.payload).expect("JSON");
    assert_eq!(json["Placed"]["personal"]["subject"], SUBJECT.to_string());
    assert_eq!(json["Placed"]["n"], 1.0);
    sealing
        .open(std::slice::from_mut(&mut event))
        .await
        .expect("its key");
    assert_eq!(event.payload, PLACED);
}

#[tokio::test]
async fn two_seals_of_the_same_are_different() {
    let sealing = sealing().await;
    let (first, second) = (placed(&sealing).await, placed(&sealing).await);
    assert_ne!(first.payload, second.payload);
}

#[tokio::test]
async fn a_ciphertext_belongs_to_its_event() {
    let sealing = sealing().await;
    let event = placed(&sealing).await;
    let (mut other_order, mut other_version) = (event.clone(), event);
    other_order.aggregate_id = "b".into();
    other_version.sequence = 2;
    for mut moved in [other_order, other_version] {
        let opened = sealing.open(std::slice::from_mut(&mut moved)).await;
        assert_eq!(problem(opened), OpenProblem::Damaged);
    }
}

#[tokio::test]
async fn events_before_a_damaged_one_are_open_and_it_is_named() {
    let sealing = sealing().await;
    let (sound, mut damaged) = (placed(&sealing).await, placed(&sealing).await);
    damaged.sequence = 9;
    let mut events = [sound, damaged];
    match sealing.open(&mut events).await {
        Err(OpenError::Event {
            index: 1,
            sequence: 9,
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(events[0].payload, PLACED);
}

#[tokio::test]
async fn a_sealed_form_of_no_known_format_is_no_erasure() {
    let sealing = sealing().await;
    for (blob, expected) in [
        ("%", Malformed::Base64),
        ("", Malformed::Short),
        ("AQID", Malformed::Short),
        ("AgICAgICAgICAgIC", Malformed::Version(2)),
    ] {
        let json = json!({"Placed": {"personal": {"subject": SUBJECT, "sealed": blob}}});
        let mut event = stored("a", new(1, &json.to_string()).event);
        let opened = sealing.open(std::slice::from_mut(&mut event)).await;
        assert_eq!(problem(opened), OpenProblem::Malformed(expected), "{blob}");
    }
}

#[tokio::test]
async fn sealed_and_erased_stay_as_they_are_without_a_key() {
    let sealing = sealing().await;
    let sealed = placed(&sealing).await.payload;
    let erased = r#"{"Placed":{"personal":{"erased":true}}}"#;
    for payload in [
        &sealed[..],
        erased,
        r#"{"Placed":{"n":1}}"#,
        r#""Archived""#,
    ] {
        let mut event = new(1, payload);
        event.subject = None;
        let (again, _) = sealing.seal("a", &[event]).await.expect("nothing to seal");
        assert_eq!(again[0].payload, payload);
    }
}

#[tokio::test]
async fn personal_data_without_a_subject_is_refused() {
    let sealing = sealing().await;
    let mut event = new(1, PLACED);
    event.subject = None;
    match sealing.seal("a", &[event]).await {
        Err(SealError::Event {
            source: SealProblem::NoSubject,
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_the_database_an_unknown_key_is_no_erasure() {
    let sealing = sealing().await;
    let mut event = placed(&sealing).await;
    let sealed = event.payload.clone();
    // Another key in memory says nothing about the one that is asked for.
    new_key(&sealing).await;
    let opened = sealing.open(std::slice::from_mut(&mut event)).await;
    assert!(
        matches!(opened, Err(OpenError::Unavailable(_))),
        "{opened:?}"
    );
    assert_eq!(event.payload, sealed);
}

#[test]
fn another_master_key_is_told_apart_from_damage() {
    let (master, other) = (master(), master());
    let bytes = DataKey::random().expect("randomness");
    let mut wrapped = StoredKey {
        subject: SUBJECT,
        master_key: master.id().into(),
        wrapped: master.wrap(SUBJECT, &bytes).expect("a key"),
    };
    let key = master.unwrap(&wrapped).expect("the same master key");
    assert_eq!(key.id, DataKey::new(&bytes).expect("a key").id);
    let refused = other.unwrap(&wrapped).expect_err("another master key");
    let text = refused.to_string();
    assert!(
        text.contains(master.id()) && text.contains(other.id()),
        "{text}"
    );
    wrapped.subject = Uuid::from_u128(8);
    let moved = master.unwrap(&wrapped).expect_err("another subject's key");
    assert!(matches!(moved, KeyProblem::Damaged { .. }), "{moved:?}");
}

#[test]
fn a_master_key_is_32_bytes_and_never_shown() {
    for text in ["", "c2hvcnQ=", "not base64", &"A".repeat(88)] {
        let refused = MasterKey::from_base64(text).expect_err(text).to_string();
        assert!(refused.contains("openssl rand -base64 32"), "{refused}");
    }
    let text = MasterKey::random().expect("randomness");
    let key = MasterKey::from_base64(&format!("{text}\n")).expect("a key");
    let shown = format!("{key:?}");
    assert!(
        shown.contains(key.id()) && !shown.contains(&text),
        "{shown}"
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key(), inner), 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Names that are easily taken for others.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![Just("personal".into()), Just("sealed".into()), ".{0,6}"]
}

/// Members before it, the personal data, members after it.
fn event() -> impl Strategy<Value = (String, Value)> {
    let members = || vec((".{0,6}", any_json()), 0..4);
    let personal = any_json().prop_filter("null is no personal data", |v| !v.is_null());
    (".{1,6}", members(), personal, members()).prop_map(|(variant, before, personal, after)| {
        let text = |(name, value): (String, Value)| format!("{} : {value}", Value::from(name));
        let others = |members: Vec<(String, Value)>| {
            let others = members.into_iter().filter(|(name, _)| name != "personal");
            others.map(text).collect::<Vec<_>>()
        };
        let member = text(("personal".into(), personal.clone()));
        let fields = [others(before), vec![member], others(after)]
            .concat()
            .join(",\n");
        let variant = Value::from(variant);
        (format!("{{{variant}: {{{fields}}}}}"), personal)
    })
}

proptest! {
    #[test]
    fn any_event_opens_to_the_text_that_was_sealed((payload, personal) in event()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let (sealed, opened) = runtime.expect("a runtime").block_on(async {
            let sealing = sealing().await;
            let (sealed, _) = sealing.seal("a", &[new(3, &payload)]).await.expect("a key");
            let mut event = stored("a", sealed[0].clone());
            sealing.open(std::slice::from_mut(&mut event)).await.expect("its key");
            (sealed[0].payload.clone(), event)
        });
        prop_assert_eq!(opened.json(), payload.as_bytes());
        let erased = personal == json!({"erased": true});
        let already: Result<contracts::personal::Sealed, _> = serde_json::from_value(personal);
        prop_assert_eq!(sealed == payload, erased || already.is_ok());
    }
}
