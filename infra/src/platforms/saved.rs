//! Platforms as the log has them.

use super::PlatformSettings;
use crate::log::{ContractMapping, LogReader, StoredEvent};
use contracts::platform::{Platform, PlatformEvent};
use std::{collections::HashMap, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::time::timeout;
use uuid::Uuid;

/// Kind of aggregate in the log.
const PLATFORM: &str = "platform";
/// The log may take so long to answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// Any error, kept as a cause.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A platform whose last event is `stored`, and its version.
fn platform(
    mapping: &dyn ContractMapping,
    mut stored: StoredEvent,
) -> Result<(Platform, i64), BoxError> {
    mapping.upcast(&mut stored)?;
    let published = mapping.event(&stored)?.ok_or(Unpublished)?;
    let event = PlatformEvent::from_data(&published.envelope.event_type, &published.data)?;
    Ok((event.fact.change().platform.clone(), event.after.version))
}

/// The platform with this id in the log, and its version; none where nobody has
/// saved it.
pub(super) async fn read(
    reader: &LogReader,
    mapping: &dyn ContractMapping,
    id: Uuid,
) -> Result<Option<(Platform, i64)>, BoxError> {
    let id = id.hyphenated().to_string();
    let reading = timeout(PATIENCE, reader.read_last(PLATFORM, &id, Uuid::nil()));
    let last = reading.await??.pop();
    last.map(|stored| platform(mapping, stored)).transpose()
}

/// The platform with this id as it was at a moment, and its version; none where nobody
/// had saved it by then.
///
/// # Errors
/// The log does not answer, or has an event of it that cannot be read.
pub async fn as_of(
    reader: &LogReader,
    mapping: &dyn ContractMapping,
    id: Uuid,
    moment: OffsetDateTime,
) -> Result<Option<(Platform, i64)>, BoxError> {
    let id = id.hyphenated().to_string();
    let mut stored = timeout(PATIENCE, reader.read_stream(PLATFORM, &id)).await??;
    stored.retain(|event| event.recorded_at <= moment);
    let last = stored.pop();
    last.map(|stored| platform(mapping, stored)).transpose()
}

/// The settings of all platforms that were saved, by slug.
pub type SavedSettings = HashMap<String, PlatformSettings>;

/// The settings of all saved platforms, for whoever follows orders of any. There
/// are few of them.
pub struct SavedPlatforms {
    reader: LogReader,
    mapping: Arc<dyn ContractMapping>,
    /// As they were last; none before they were ever read.
    known: Option<Arc<SavedSettings>>,
}

impl SavedPlatforms {
    /// Those of the log that `reader` reads.
    pub fn new(reader: LogReader, mapping: Arc<dyn ContractMapping>) -> Self {
        Self {
            reader,
            mapping,
            known: None,
        }
    }

    /// As they are now, so that what was saved before an event holds for it; as
    /// they were last while the log is away.
    ///
    /// # Errors
    /// When they were never read, and cannot be.
    pub async fn now(&mut self) -> Result<Arc<SavedSettings>, BoxError> {
        match (self.read().await, &self.known) {
            (Ok(read), _) => Ok(Arc::clone(self.known.insert(Arc::new(read)))),
            (Err(error), None) => Err(error),
            (Err(error), Some(known)) => {
                tracing::warn!(%error, "platforms.as_they_were");
                Ok(Arc::clone(known))
            }
        }
    }

    async fn read(&self) -> Result<SavedSettings, BoxError> {
        let last = timeout(PATIENCE, self.reader.read_last_of_all(PLATFORM)).await??;
        let read = last.into_iter().map(|stored| {
            let (platform, _) = platform(&*self.mapping, stored)?;
            Ok((platform.slug.clone(), PlatformSettings::of(&platform)))
        });
        read.collect()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("an event of a platform is not published")]
struct Unpublished;
