//! Aggregates of which each event carries all, as it left it: those of
//! reference data. The last event says all, so loading one reads one row, a
//! cache finds value and version in it, and no snapshots are needed.

use crate::{
    order::{ContractError, Stored, UpcastError},
    refusal::Refusal,
};
use contracts::topics::TopicSpec;
use cqrs_es::Aggregate;

/// An aggregate of which each event carries all: a kind of reference data.
pub trait Whole: Aggregate<Services = (), Command: Send, Error: Refusal> + Clone {
    /// As the outside world sees it.
    type Document: Clone;

    /// Where its events are published.
    const TOPIC: &'static TopicSpec;

    /// As an event left it.
    fn document(event: &Self::Event) -> &Self::Document;

    /// As it is, archived or not; none where it does not exist.
    fn now(&self) -> Option<&Self::Document>;

    /// Whether this release knows a stored event of this name and version.
    ///
    /// # Errors
    /// That a newer one has stored it.
    fn knows(event: (&str, &str)) -> Result<(), UpcastError>;

    /// A stored event as it is published: its type and its data, with `after`
    /// as it was stored (JSON text).
    ///
    /// # Errors
    /// An event or an `after` that cannot be read.
    fn published(stored: Stored<'_>, after: &str)
    -> Result<(&'static str, Vec<u8>), ContractError>;

    /// All events of one aggregate, from the first on, as they are published,
    /// with `after` derived again.
    ///
    /// # Errors
    /// An event that cannot be read.
    fn stream(stream: &[Stored<'_>]) -> Result<Vec<(&'static str, Vec<u8>)>, ContractError>;
}

/// Makes the aggregate of one kind of reference data: its state, which is all of
/// its last event, and its thin shell around `decide` and `TYPE` of the module
/// above. All members of its document are to be named, for what is told of
/// changes.
macro_rules! whole {
    (
        $(#[$about:meta])* $aggregate:ident: $command:ty => $event:ident, $rejection:ty;
        $change:ident { $member:ident: $document:path { $($field:ident),+ $(,)? } } on $topic:expr;
        $absent:expr, $archived:expr $(,)?
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
        pub struct $aggregate {
            /// As its last event left it; none before its first one.
            pub now: Option<$document>,
        }

        impl $aggregate {
            /// As it is, whether archived or not.
            ///
            /// # Errors
            /// That there is none.
            pub fn there(&self) -> Result<&$document, $rejection> {
                self.now.as_ref().ok_or($absent)
            }

            /// The same, if it may be changed.
            ///
            /// # Errors
            /// That there is none, or that it is archived.
            pub fn live(&self) -> Result<&$document, $rejection> {
                let now = self.there()?;
                if now.archived {
                    return Err($archived);
                }
                Ok(now)
            }

            /// The events that leave `next`: none where it is as it was, else the
            /// one that `made` makes.
            pub(super) fn becomes(
                &self,
                next: $document,
                made: fn(Box<$change>) -> $event,
            ) -> Vec<$event> {
                let changed = self.now.as_ref().map(|before| {
                    crate::whole::differing!($document, before, &next; $($field),+)
                });
                if changed.as_ref().is_some_and(Vec::is_empty) {
                    return Vec::new();
                }
                let changed = changed.unwrap_or_default();
                vec![made(Box::new($change { $member: next, changed }))]
            }
        }

        /// The state after one more event. Total: whatever is stored was decided
        /// once.
        #[must_use]
        pub fn evolve(_: $aggregate, event: &$event) -> $aggregate {
            let now = Some(event.change().$member.clone());
            $aggregate { now }
        }

        impl cqrs_es::Aggregate for $aggregate {
            const TYPE: &'static str = super::TYPE;
            type Command = $command;
            type Event = $event;
            type Error = $rejection;
            type Services = ();

            async fn handle(
                &mut self,
                command: Self::Command,
                (): &Self::Services,
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), Self::Error> {
                for event in super::decide(self, command)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                *self = evolve(std::mem::take(self), &event);
            }
        }

        impl crate::whole::Whole for $aggregate {
            type Document = $document;

            const TOPIC: &'static contracts::topics::TopicSpec = &$topic;

            fn document(event: &$event) -> &$document {
                &event.change().$member
            }

            fn now(&self) -> Option<&$document> {
                self.now.as_ref()
            }

            fn knows(event: (&str, &str)) -> Result<(), crate::order::UpcastError> {
                $event::knows(event)
            }

            fn published(
                stored: crate::order::Stored<'_>,
                after: &str,
            ) -> Result<(&'static str, Vec<u8>), crate::order::ContractError> {
                $event::contract_data(stored, after)
            }

            fn stream(
                stream: &[crate::order::Stored<'_>],
            ) -> Result<Vec<(&'static str, Vec<u8>)>, crate::order::ContractError> {
                let events = $event::contract_stream(stream.iter().copied())?;
                let data = events.iter().map(|event| {
                    let data = event.to_data();
                    let data = data.map_err(crate::order::ContractError::Payload)?;
                    Ok((event.event_type(), data))
                });
                data.collect()
            }
        }
    };
}
pub(crate) use whole;

/// Makes the event of such an aggregate from the list of its types, with the
/// way to its published form (`published`, which the caller has in scope).
macro_rules! whole_events {
    ($event:ident, $change:ident; $($name:ident = $type:literal),+ $(,)?) => {
        // The variants and the fields of their payload are the storage format
        // of the log: never rename or remove one. A change is a new version
        // with an upcaster, as of orders. The payload is that of the published
        // contract; where the two have to differ one day, the event gets one
        // of its own here, and a mapping.
        /// Any event of this aggregate.
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[expect(missing_docs, reason = "each variant is the type it names")]
        pub enum $event {
            $($name(Box<$change>)),+
        }

        impl From<$event> for published::Fact {
            fn from(event: $event) -> Self {
                match event { $($event::$name(change) => Self::$name(change)),+ }
            }
        }

        impl cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String {
                self.name().to_owned()
            }

            fn event_version(&self) -> String {
                Self::VERSION.to_owned()
            }
        }

        impl $event {
            /// Version of the format in which events are written now.
            pub const VERSION: &str = "1";

            /// Name in the log.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name)),+ }
            }

            /// What it carries.
            pub const fn change(&self) -> &$change {
                match self { $(Self::$name(change) => change),+ }
            }

            /// Whether this release knows a stored event of this name and version.
            ///
            /// # Errors
            /// That a newer one has stored it.
            pub fn knows(event: (&str, &str)) -> Result<(), crate::order::UpcastError> {
                crate::order::known_event(&[$(stringify!($name)),+], Self::VERSION, event)
            }

            /// Reads a stored event.
            ///
            /// # Errors
            /// A name or a version that this release does not know; a payload that
            /// is no event of this aggregate.
            pub fn decode(
                stored: crate::order::Stored<'_>,
            ) -> Result<Self, crate::order::ContractError> {
                let (name, version, payload) = stored;
                Self::knows((name, version))?;
                serde_json::from_str(payload).map_err(crate::order::ContractError::Payload)
            }

            /// A stored event as it is published: its type and its data, with
            /// `after` as it was stored (JSON text). Text is moved, not read
            /// and written anew, as long as it has the shape of an event.
            ///
            /// # Errors
            /// As [`Self::decode`]; an `after` that cannot be read.
            pub fn contract_data(
                stored: crate::order::Stored<'_>,
                after: &str,
            ) -> Result<(&'static str, Vec<u8>), crate::order::ContractError> {
                let (name, version, payload) = stored;
                let event_type = published::$event::type_of(name);
                if let (Some(event_type), Self::VERSION) = (event_type, version)
                    && let Some(data) = crate::order::moved(name, payload, after)
                {
                    return Ok((event_type, data));
                }
                let fact: published::Fact = Self::decode(stored)?.into();
                let after = serde_json::from_str(after);
                let after = after.map_err(crate::order::ContractError::After)?;
                let event = published::$event { fact, after };
                let data = event.to_data().map_err(crate::order::ContractError::Payload)?;
                Ok((event.event_type(), data))
            }

            /// All events of one aggregate, from the first on, as they are
            /// published, with `after` derived again.
            ///
            /// # Errors
            /// As [`Self::decode`].
            pub fn contract_stream<'a>(
                stream: impl IntoIterator<Item = crate::order::Stored<'a>>,
            ) -> Result<Vec<published::$event>, crate::order::ContractError> {
                let numbered = (1..).zip(stream);
                numbered
                    .map(|(version, stored)| {
                        let fact = Self::decode(stored)?.into();
                        let after = contracts::whole::AfterVersion { version };
                        Ok(published::$event { fact, after })
                    })
                    .collect()
            }
        }
    };
}
pub(crate) use whole_events;

/// Names of the members in which two values of a type differ. All of its
/// members are to be named: where one is left out, this does not compile.
macro_rules! differing {
    ($type:path, $before:expr, $now:expr; $($member:ident),+ $(,)?) => {{
        let $type { $($member),+ } = $now;
        let mut names = Vec::new();
        $(if $before.$member != *$member {
            names.push(stringify!($member).to_owned());
        })+
        names
    }};
}
pub(crate) use differing;
