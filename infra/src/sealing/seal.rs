//! Sealing new events.

use super::{
    Sealing, blob,
    error::{SealError, SealProblem},
    event::{Form, Place},
    json::{self, State},
    keys::{Key, KeysUsed},
};
use crate::event_store::NewEvent;
use contracts::personal::Sealed;
use std::{
    borrow::Borrow,
    collections::{HashMap, HashSet},
    ops::Range,
};
use uuid::Uuid;

/// An event as it was decided.
#[derive(Debug, Clone)]
pub struct Unsealed {
    /// The event, readable.
    pub event: NewEvent,
    /// Whose personal data it holds, if it holds any.
    pub subject: Option<Uuid>,
}

/// Readable personal data in one of the events.
struct Open<'a> {
    index: usize,
    subject: Uuid,
    range: Range<usize>,
    plain: &'a str,
}

impl Sealing {
    /// New events of one aggregate as they may be stored. Asks for no key
    /// where none holds readable personal data; what is sealed or erased
    /// already stays as it is. Answers also which keys were used.
    pub async fn seal(
        &self,
        aggregate_id: &str,
        events: &[impl Borrow<Unsealed> + Sync],
    ) -> Result<(Vec<NewEvent>, KeysUsed), SealError> {
        let failed = |index: usize, source: SealProblem| SealError::Event {
            aggregate_id: aggregate_id.to_owned(),
            sequence: events[index].borrow().event.sequence,
            source,
        };
        let mut open = Vec::new();
        for (index, unsealed) in events.iter().enumerate() {
            open.extend(
                readable(index, unsealed.borrow()).map_err(|source| failed(index, source))?,
            );
        }
        let mut sealed: Vec<NewEvent> = events.iter().map(|e| e.borrow().event.clone()).collect();
        if open.is_empty() {
            return Ok((sealed, KeysUsed::default()));
        }
        let subjects: HashSet<Uuid> = open.iter().map(|open| open.subject).collect();
        let keys = self.keys.obtain(&subjects).await?;
        for open in open {
            let event = &mut sealed[open.index];
            let place = Place {
                aggregate_id: aggregate_id.to_owned(),
                sequence: event.sequence,
            };
            let member = member(&open, &place, &keys).map_err(|e| failed(open.index, e))?;
            event.payload = json::replaced(&event.payload, &open.range, &member);
        }
        let usable = keys.iter().filter_map(|(subject, key)| {
            let key = key.as_ref().ok()?;
            Some((*subject, key.id))
        });
        Ok((sealed, KeysUsed(usable.collect())))
    }
}

fn readable(index: usize, unsealed: &Unsealed) -> Result<Option<Open<'_>>, SealProblem> {
    let found = json::find(Form::Stored, &unsealed.event.payload).map_err(SealProblem::Shape)?;
    let Some(found) = found else {
        return Ok(None);
    };
    let State::Open(plain) = found.state else {
        return Ok(None);
    };
    Ok(Some(Open {
        index,
        subject: unsealed.subject.ok_or(SealProblem::NoSubject)?,
        range: found.range,
        plain,
    }))
}

/// The sealed member, as JSON.
fn member(
    open: &Open<'_>,
    place: &Place,
    keys: &HashMap<Uuid, Key>,
) -> Result<String, SealProblem> {
    let key = keys.get(&open.subject).ok_or(SealProblem::NoSubject)?;
    let key = key.as_ref().map_err(Clone::clone)?;
    let sealed = Sealed {
        subject: open.subject,
        sealed: blob::seal(key, place, open.plain)?,
    };
    serde_json::to_string(&sealed).map_err(SealProblem::Shape)
}
