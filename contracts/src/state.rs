//! Records of `orders.state.v1`: the latest document of each order.
//!
//! A record is the state of its order as of a version. For one key, records
//! come in the order of `(epoch, version)`: the same version may come twice, an
//! older one never comes after a newer one of the same epoch. A record without
//! a value is about an order that the log does not have any more.

use crate::cloudevents::{CONTENT_TYPE, SOURCE};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// `ce_type` of an order's document.
pub const ORDER: &str = "order";

/// What the headers of such a record tell, in `CloudEvents`' binary mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateHeaders<'a> {
    /// Epoch of the log that the document was made from.
    pub epoch: i32,
    /// `ce_type`.
    pub kind: &'a str,
    /// The order's id, also the record's key.
    pub subject: Uuid,
    /// How many events made it.
    pub version: i64,
    /// When the last of them was recorded.
    pub updated_at: OffsetDateTime,
}

impl StateHeaders<'_> {
    /// The record headers, in a fixed order. `document` is the record's value.
    pub fn headers(&self, document: &[u8]) -> Vec<(&'static str, String)> {
        let time = self.updated_at.format(&Rfc3339).unwrap_or_default();
        vec![
            ("ce_specversion", "1.0".to_owned()),
            ("ce_id", self.id(document).to_string()),
            ("ce_source", SOURCE.to_owned()),
            ("ce_type", self.kind.to_owned()),
            ("ce_time", time),
            ("ce_subject", self.subject.to_string()),
            ("ce_sequence", self.version.to_string()),
            ("ce_epoch", self.epoch.to_string()),
            ("content-type", CONTENT_TYPE.to_owned()),
        ]
    }

    /// The same for the same document, whenever it is published again; another
    /// one where the document has changed without the order.
    fn id(&self, document: &[u8]) -> Uuid {
        const NAMESPACE: Uuid = Uuid::from_u128(0x6f72_6465_726c_6f67_8001_7374_6174_6573);
        let mut name = Vec::with_capacity(document.len() + 28);
        name.extend(self.epoch.to_be_bytes());
        name.extend(self.subject.as_bytes());
        name.extend(self.version.to_be_bytes());
        name.extend(document);
        Uuid::new_v5(&NAMESPACE, &name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_document_has_the_same_id_and_any_other_another() {
        let state = StateHeaders {
            epoch: 1,
            kind: ORDER,
            subject: Uuid::from_u128(7),
            version: 3,
            updated_at: OffsetDateTime::UNIX_EPOCH,
        };
        let id = state.id(b"{}");
        assert_eq!(state.id(b"{}"), id);
        let restored = StateHeaders { epoch: 2, ..state };
        let later = StateHeaders {
            version: 4,
            ..state
        };
        let others = [state.id(b"[]"), restored.id(b"{}"), later.id(b"{}")];
        assert!(others.iter().all(|other| *other != id));
    }
}
