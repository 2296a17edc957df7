//! Snapshots of aggregates: sealed under every key that their events were
//! sealed under, one after the other. One of these keys deleted, nobody can
//! read the snapshot any more, and the events are folded again, without what
//! was erased.

use super::{
    KeysUnavailable, KeysUsed, Sealing,
    blob::{self, Blob},
    error::CryptoError,
    event::Place,
};
use serde::{Deserialize, Serialize};

/// A snapshot as it is kept, JSON.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// What it is sealed under, innermost first; nothing where nothing
    /// personal is in it.
    keys: KeysUsed,
    /// The text, or base64 of its sealed form.
    state: String,
}

/// Why a snapshot was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The keys cannot be reached.
    #[error(transparent)]
    Keys(#[from] KeysUnavailable),
    /// A key was deleted meanwhile: what was to be kept has to be forgotten.
    #[error("a key of the snapshot is gone")]
    Erased,
    /// The cipher refused.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// It has no JSON form.
    #[error("the snapshot cannot be written")]
    Shape(#[from] serde_json::Error),
}

impl Sealing {
    /// `state` of an aggregate at `version` as it may be kept. `used` are the
    /// keys of the personal data in it.
    pub async fn seal_snapshot(
        &self,
        (aggregate_id, version): (&str, i64),
        mut state: String,
        used: &KeysUsed,
    ) -> Result<String, SnapshotError> {
        let keys = self.keys.find(&used.0).await?;
        let place = place(aggregate_id, version);
        for wanted in &used.0 {
            let key = keys.get(wanted).and_then(|key| key.as_ref().ok());
            state = blob::seal(key.ok_or(SnapshotError::Erased)?, &place, &state)?;
        }
        let keys = used.clone();
        Ok(serde_json::to_string(&Kept { keys, state })?)
    }

    /// What was kept, and the keys of the personal data in it; none where it
    /// cannot be read, or not any more.
    pub async fn open_snapshot(
        &self,
        (aggregate_id, version): (&str, i64),
        kept: &str,
    ) -> Result<Option<(String, KeysUsed)>, KeysUnavailable> {
        let Ok(Kept {
            keys: used,
            mut state,
        }) = serde_json::from_str(kept)
        else {
            return Ok(None);
        };
        let keys = self.keys.find(&used.0).await?;
        let place = place(aggregate_id, version);
        for wanted in used.0.iter().rev() {
            let key = keys.get(wanted).and_then(|key| key.as_ref().ok());
            let opened = key.and_then(|key| Blob::parse(&state).ok()?.open(key, &place));
            let Some(opened) = opened else {
                return Ok(None);
            };
            state = opened;
        }
        Ok(Some((state, used)))
    }
}

/// No event's: what was sealed for one is no snapshot.
fn place(aggregate_id: &str, version: i64) -> Place {
    Place {
        aggregate_id: format!("{aggregate_id}/snapshot"),
        sequence: version,
    }
}
