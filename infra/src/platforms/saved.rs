//! Platforms as the log has them.

use super::PlatformSettings;
use crate::log::{ContractMapping, LogReader, StoredEvent};
use contracts::{
    LogPosition,
    platform::{Platform, PlatformEvent},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

/// Kind of aggregate in the log.
const PLATFORM: &str = "platform";
/// The log may take so long to answer.
const PATIENCE: Duration = Duration::from_millis(500);
/// Counted from when the log was asked: rules that it has not confirmed for so long
/// are nothing to decide by.
const STALE: Duration = Duration::from_secs(1);

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
    known: Option<Known>,
}

/// The saved platforms at one time.
struct Known {
    /// Each with the place of its last event, by their ids in the log.
    platforms: Arc<HashMap<String, Placed>>,
    /// Their settings.
    settings: Arc<SavedSettings>,
    /// When the log was asked that has said so.
    asked_at: Instant,
}

/// A platform as of an event.
#[derive(Clone)]
struct Placed {
    at: LogPosition,
    slug: String,
    settings: PlatformSettings,
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

    /// As they are now, so that what was saved before an event holds for it. Where
    /// the log does not answer, or has one that cannot be read, they are as the log
    /// had them less than a second ago; after that nothing is decided by them.
    ///
    /// # Errors
    /// When it is longer ago, or was never.
    pub async fn now(&mut self) -> Result<Arc<SavedSettings>, BoxError> {
        let asked_at = Instant::now();
        let read = timeout(PATIENCE, self.read()).await;
        match read.map_err(BoxError::from).flatten() {
            Ok((platforms, settings)) => {
                self.known = Some(Known {
                    platforms,
                    settings: Arc::clone(&settings),
                    asked_at,
                });
                Ok(settings)
            }
            Err(error) => match &self.known {
                Some(known) if known.asked_at.elapsed() < STALE => {
                    tracing::warn!(%error, "platforms.as_they_were");
                    Ok(Arc::clone(&known.settings))
                }
                Some(_) | None => Err(error),
            },
        }
    }

    /// All of them: those whose last event is known are not read again. One that is
    /// gone, as the log was restored, is not there, and one whose last event is
    /// another one is read, whichever of the two is the older one. With their settings.
    async fn read(&self) -> Result<(Arc<HashMap<String, Placed>>, Arc<SavedSettings>), BoxError> {
        let last = self.reader.last_of_all(PLATFORM).await?;
        let same = |id: &String, at: &LogPosition| {
            let known = self.known.as_ref()?.platforms.get(id)?;
            (known.at == *at).then_some(known)
        };
        if let Some(known) = &self.known
            && known.platforms.len() == last.len()
            && last.iter().all(|(id, at)| same(id, at).is_some())
        {
            return Ok((Arc::clone(&known.platforms), Arc::clone(&known.settings)));
        }
        let (mut platforms, mut changed) = (HashMap::new(), Vec::new());
        for (id, at) in last {
            match same(&id, &at).cloned() {
                Some(same) => {
                    platforms.insert(id, same);
                }
                None => changed.push(id),
            }
        }
        for stored in self.reader.read_last_of_each(PLATFORM, &changed).await? {
            let (id, at) = (stored.aggregate_id.clone(), stored.at);
            let (platform, _) = platform(&*self.mapping, stored)?;
            let placed = Placed {
                at,
                settings: PlatformSettings::of(&platform),
                slug: platform.slug,
            };
            platforms.insert(id, placed);
        }
        let settings = platforms.values();
        let settings = settings.map(|placed| (placed.slug.clone(), placed.settings.clone()));
        let settings = Arc::new(settings.collect());
        Ok((Arc::new(platforms), settings))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("an event of a platform is not published")]
struct Unpublished;
