//! How long channels keep their orders in sight: as somebody has saved it, else as
//! configured.

use crate::reads::{ReadClient, ReadError};
use infra::platforms::Platforms;
use serde::Deserialize;
use std::{collections::HashMap, sync::Arc};
use tokio_util::sync::CancellationToken;

const SAVED: &str = "/v1/platforms?archived=any&limit=200";

/// Seconds, by channel; none: no time of its own.
pub struct Stays {
    saved: HashMap<String, Option<u64>>,
    configured: Arc<Platforms>,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Saved>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Saved {
    slug: String,
    archive_settled_after_seconds: Option<u64>,
}

impl Stays {
    /// As they are now.
    pub async fn read(
        reads: &ReadClient,
        configured: Arc<Platforms>,
        halt: &CancellationToken,
    ) -> Result<Self, ReadError> {
        let (mut saved, mut cursor) = (HashMap::new(), None::<String>);
        loop {
            let question = match &cursor {
                // URL-safe as it is.
                Some(cursor) => format!("{SAVED}&cursor={cursor}"),
                None => SAVED.to_owned(),
            };
            let page: Page = reads.patiently(|| reads.get(&question), halt).await?;
            let known = page.data.into_iter();
            saved.extend(known.map(|one| (one.slug, one.archive_settled_after_seconds)));
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(Self { saved, configured });
            }
        }
    }

    /// Of channels that nobody has saved.
    #[cfg(test)]
    pub fn configured(configured: Platforms) -> Self {
        Self {
            saved: HashMap::new(),
            configured: Arc::new(configured),
        }
    }

    /// How long a settled order of this channel stays.
    pub fn of(&self, platform: &str) -> Option<u64> {
        let saved = self.saved.get(platform).copied();
        saved.unwrap_or_else(|| self.configured.get(platform).archive_settled_after_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_comes_before_what_is_configured() {
        let configured = serde_json::json!({"default": {"archive_settled_after_seconds": 7}});
        let mut stays = Stays::configured(serde_json::from_value(configured).expect("platforms"));
        stays.saved.insert("web".into(), None);
        stays.saved.insert("shop".into(), Some(9));
        assert_eq!(
            ["web", "shop", "else"].map(|slug| stays.of(slug)),
            [None, Some(9), Some(7)]
        );
    }
}
