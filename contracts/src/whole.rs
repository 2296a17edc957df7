//! Events that carry all of what they are about, as it was after them: those
//! of reference data. Whoever has the last event of one has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// What an event left, as far as its payload does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct AfterVersion {
    /// Version after the event, from 1: how many events there were.
    pub version: i64,
}

/// One of these as the APIs show it: all of it, and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Versioned<T> {
    /// All of it.
    #[serde(flatten)]
    pub document: T,
    /// Its id in the log, derived from its natural key: the key and `ce_subject`
    /// of its records on Kafka.
    pub subject: Uuid,
    /// How many events there were.
    pub version: i64,
    /// When the last one was recorded.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: OffsetDateTime,
}

/// Makes the events of one kind of reference data from the list of their
/// types: what happened (`$fact`), and the event as it is published (`$event`),
/// with its data written, read and described. All of them have one payload.
macro_rules! whole_events {
    ($event:ident, $fact:ident, $change:ident; $($name:ident = $type:literal),+ $(,)?) => {
        /// What happened.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each variant is the type it names")]
        pub enum $fact {
            $($name(Box<$change>)),+
        }

        impl $fact {
            /// `ce_type` and filter value of the event.
            pub const fn event_type(&self) -> &'static str {
                match self { $(Self::$name(_) => $type),+ }
            }

            /// Its payload.
            pub const fn change(&self) -> &$change {
                match self { $(Self::$name(change) => change),+ }
            }
        }

        /// An event of version 1: what happened, and what came of it.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $event {
            /// What happened.
            pub fact: $fact,
            /// What it left.
            pub after: $crate::whole::AfterVersion,
        }

        /// The data of a record: the payload's fields and `after`, side by side.
        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        struct Data {
            #[serde(flatten)]
            change: $change,
            after: $crate::whole::AfterVersion,
        }

        #[derive(serde::Serialize)]
        struct DataRef<'a> {
            #[serde(flatten)]
            change: &'a $change,
            after: &'a $crate::whole::AfterVersion,
        }

        impl $event {
            /// Every `ce_type` of this version.
            pub const TYPES: &[&str] = &[$($type),+];

            /// The `ce_type` of the event with this name.
            pub fn type_of(name: &str) -> Option<&'static str> {
                match name {
                    $(stringify!($name) => Some($type),)+
                    _ => None,
                }
            }

            /// `ce_type` and filter value of the event.
            pub const fn event_type(&self) -> &'static str {
                self.fact.event_type()
            }

            /// The record's value.
            ///
            /// # Errors
            /// None in practice: every field has a JSON form.
            pub fn to_data(&self) -> Result<Vec<u8>, serde_json::Error> {
                let (change, after) = (self.fact.change(), &self.after);
                serde_json::to_vec(&DataRef { change, after })
            }

            /// Reads a record's value as the type that its envelope names.
            ///
            /// # Errors
            /// A type that is not one of these, data that is not of its shape.
            pub fn from_data(
                event_type: &str,
                data: &[u8],
            ) -> Result<Self, $crate::order::UnknownEvent> {
                let fact = match event_type {
                    $($type => $fact::$name,)+
                    other => return Err($crate::order::UnknownEvent::Type(other.to_owned())),
                };
                let read = serde_json::from_slice(data);
                let Data { change, after } =
                    read.map_err(|source| $crate::order::UnknownEvent::Data {
                        event_type: event_type.to_owned(),
                        source,
                    })?;
                let fact = fact(Box::new(change));
                Ok(Self { fact, after })
            }
        }

        /// (name, schema) of the data of each event type; the name, also the
        /// schema's title, is `<type>.v1`.
        pub fn schemas() -> Vec<(String, schemars::Schema)> {
            let payload = schemars::schema_for!($change);
            let about = payload.get("description").and_then(|about| about.as_str());
            let about = about.unwrap_or_default();
            let described = |event_type: &str| {
                let name = format!("{event_type}.v1");
                let mut schema = schemars::schema_for!(Data);
                schema.insert("title".to_owned(), name.clone().into());
                let description = format!("`{event_type}`: {about}");
                schema.insert("description".to_owned(), description.into());
                (name, schema)
            };
            vec![$(described($type)),+]
        }
    };
}
pub(crate) use whole_events;
