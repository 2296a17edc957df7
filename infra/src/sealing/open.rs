//! Opening stored or published events.

use super::{
    Sealing,
    blob::Blob,
    error::{KeysUnavailable, OpenError, OpenProblem},
    event::PersonalEvent,
    json::{self, State},
    keys::{Key, KeysUsed, Wanted},
    metrics,
};
use contracts::personal::may_be_in;
use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    str,
};
use uuid::Uuid;

/// What stands where personal data was erased.
const ERASED: &str = r#"{"erased":true}"#;

/// Sealed personal data in one of the events.
struct Closed {
    index: usize,
    range: Range<usize>,
    subject: Uuid,
    blob: Result<Blob, OpenProblem>,
}

impl Sealing {
    /// Opens events where they lie, with one query for keys at most, and with
    /// none where nothing is sealed or the keys are in memory. Personal data
    /// whose key is gone becomes `{"erased": true}`. What is not the JSON of
    /// an event stays as it is, for its reader to refuse.
    ///
    /// Answers which keys what is readable now was sealed under.
    pub async fn open<E: PersonalEvent>(&self, events: &mut [E]) -> Result<KeysUsed, OpenError> {
        let closed = closed(events);
        let wanted: BTreeSet<Wanted> = closed.iter().filter_map(Closed::wanted).collect();
        if closed.is_empty() {
            return Ok(KeysUsed::default());
        }
        let keys = self.keys.find(&wanted).await?;
        for closed in closed {
            let event = &mut events[closed.index];
            let opened = opened(event, &closed, &keys).map_err(|source| {
                let place = event.place();
                OpenError::Event {
                    index: closed.index,
                    aggregate_id: place.aggregate_id,
                    sequence: place.sequence,
                    source,
                }
            })?;
            event.replace(opened);
        }
        Ok(KeysUsed(keys.into_keys().collect()))
    }

    /// Whether none of these keys was deleted: what was opened with them may
    /// go on being shown. One query at most, and none within seconds of the
    /// last one.
    pub async fn all_there(&self, used: &KeysUsed) -> Result<bool, KeysUnavailable> {
        if used.is_empty() {
            return Ok(true);
        }
        Ok(self.keys.find(&used.0).await?.len() == used.0.len())
    }
}

impl Closed {
    fn wanted(&self) -> Option<Wanted> {
        let blob = self.blob.as_ref().ok()?;
        Some((self.subject, blob.key))
    }
}

fn closed<E: PersonalEvent>(events: &[E]) -> Vec<Closed> {
    let indexed = events.iter().enumerate();
    indexed
        .filter_map(|(index, event)| {
            let text = str::from_utf8(event.json()).ok()?;
            if !may_be_in(text) {
                return None;
            }
            let found = json::find(E::FORM, text).ok()??;
            let State::Sealed(sealed) = found.state else {
                return None;
            };
            Some(Closed {
                index,
                range: found.range,
                subject: sealed.subject,
                blob: Blob::parse(&sealed.sealed).map_err(OpenProblem::from),
            })
        })
        .collect()
}

/// The event's text with its personal data readable, or erased.
fn opened<E: PersonalEvent>(
    event: &E,
    closed: &Closed,
    keys: &HashMap<Wanted, Key>,
) -> Result<String, OpenProblem> {
    let blob = closed.blob.as_ref().map_err(Clone::clone)?;
    let text = str::from_utf8(event.json()).map_err(|_| OpenProblem::Damaged)?;
    let Some(key) = keys.get(&(closed.subject, blob.key)) else {
        metrics::erased();
        return Ok(json::replaced(text, &closed.range, ERASED));
    };
    let key = key.as_ref().map_err(Clone::clone)?;
    let plain = blob.open(key, &event.place()).ok_or(OpenProblem::Damaged)?;
    Ok(json::replaced(text, &closed.range, &plain))
}
