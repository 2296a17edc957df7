//! Events that may hold personal data, in the two forms that they have.

use crate::log::{PublishedEvent, StoredEvent};

/// Where an event has the member `personal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In the log: `{"OrderPlaced": {…, "personal": {…}}}`.
    Stored,
    /// On Kafka: `{…, "personal": {…}, "after": {…}}`.
    Published,
}

/// Which event a ciphertext belongs to. It is authenticated with it, so that
/// it cannot be moved to another event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Id of the aggregate, as the log has it.
    pub aggregate_id: String,
    /// Version of the aggregate after the event.
    pub sequence: i64,
}

impl Place {
    /// Eight bytes of the sequence, big-endian, then the id.
    pub(super) fn context(&self) -> Vec<u8> {
        let mut context = self.sequence.to_be_bytes().to_vec();
        context.extend_from_slice(self.aggregate_id.as_bytes());
        context
    }
}

/// An event that can be opened where it lies.
pub trait PersonalEvent: Send {
    /// Its form.
    const FORM: Form;

    /// Which one it is.
    fn place(&self) -> Place;

    /// Its JSON text.
    fn json(&self) -> &[u8];

    /// Puts another text in its place.
    fn replace(&mut self, json: String);
}

impl PersonalEvent for StoredEvent {
    const FORM: Form = Form::Stored;

    fn place(&self) -> Place {
        Place {
            aggregate_id: self.aggregate_id.clone(),
            sequence: self.sequence,
        }
    }

    fn json(&self) -> &[u8] {
        self.payload.as_bytes()
    }

    fn replace(&mut self, json: String) {
        self.payload = json;
    }
}

/// An aggregate that is published has a UUID for its id, in the hyphenated
/// form that the log has it in.
impl PersonalEvent for PublishedEvent {
    const FORM: Form = Form::Published;

    fn place(&self) -> Place {
        Place {
            aggregate_id: self.envelope.subject.hyphenated().to_string(),
            sequence: self.envelope.sequence,
        }
    }

    fn json(&self) -> &[u8] {
        &self.data
    }

    fn replace(&mut self, json: String) {
        self.data = json.into_bytes();
    }
}
