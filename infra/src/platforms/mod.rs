//! How each sales channel wants its orders to be treated: values, wherever
//! they come from. What an order is, nobody in here knows.
//!
//! A platform that somebody has saved is in the log ([`Directory`]); what the
//! configuration says is for those that nobody has.

mod directory;
mod saved;
mod slugs;

pub use contracts::platform::OnCancellation;
pub use directory::{Directory, PlatformNow};
pub use saved::{SavedPlatforms, SavedSettings, as_of};
pub use slugs::Slugs;

use crate::seller::SellerSettings;
use contracts::platform::Platform;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name under which the settings of all other channels stand.
const OTHERS: &str = "default";

/// How one sales channel wants its orders to be treated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformSettings {
    /// Whether prices contain their tax; else it is added to them.
    pub prices_include_tax: bool,
    /// Whether an order is confirmed as soon as it is placed.
    pub auto_confirm: bool,
    /// Whether goods may be shipped that are neither paid nor authorised.
    pub allow_unpaid_shipping: bool,
    /// An order that is still unpaid so many seconds after it was placed is
    /// cancelled; none: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expire_unpaid_after_seconds: Option<u64>,
    /// A settled order that nobody has touched for so many seconds (86 400 are
    /// a day) is archived; none: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_settled_after_seconds: Option<u64>,
    /// What becomes of the money when something is cancelled.
    pub on_cancellation: OnCancellation,
    /// Who sells: what invoices and other documents say; none: there are no
    /// documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller: Option<SellerSettings>,
}

impl PlatformSettings {
    /// Those of a channel that nobody has said anything about.
    const UNSAID: Self = Self {
        prices_include_tax: false,
        auto_confirm: false,
        allow_unpaid_shipping: false,
        expire_unpaid_after_seconds: None,
        archive_settled_after_seconds: None,
        on_cancellation: OnCancellation::Request,
        seller: None,
    };
}

impl Default for PlatformSettings {
    fn default() -> Self {
        Self::UNSAID
    }
}

/// What becomes of an order that names a platform which nobody has saved, and
/// which the configuration does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPlatform {
    /// It is refused.
    #[default]
    Refuse,
    /// The platform is made by the way.
    Create,
}

impl PlatformSettings {
    /// Those of a platform that was saved.
    pub fn of(platform: &Platform) -> Self {
        Self {
            prices_include_tax: platform.prices_include_tax,
            auto_confirm: platform.auto_confirm,
            allow_unpaid_shipping: platform.allow_unpaid_shipping,
            expire_unpaid_after_seconds: platform.expire_unpaid_after_seconds,
            archive_settled_after_seconds: platform.archive_settled_after_seconds,
            on_cancellation: platform.on_cancellation,
            // Those of documents are files of this machine.
            seller: None,
        }
    }
}

/// The settings of every channel, by its slug. What stands under `default` is
/// for channels that are not named; a named one inherits nothing from it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, PlatformSettings>")]
pub struct Platforms(BTreeMap<String, PlatformSettings>);

/// Settings under a name that no channel can have: they would never apply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be a platform: lower-case letters, digits, `-` and `_`, beginning with a letter or digit"
)]
pub struct NotASlug(String);

impl Platforms {
    /// The settings of the channel with this slug.
    pub fn get(&self, slug: &str) -> &PlatformSettings {
        let found = self.0.get(slug).or_else(|| self.0.get(OTHERS));
        found.unwrap_or(&PlatformSettings::UNSAID)
    }

    /// Whether somebody has said how the channel with this slug is treated, be
    /// it as one of all others.
    pub fn knows(&self, slug: &str) -> bool {
        self.0.contains_key(slug) || self.0.contains_key(OTHERS)
    }

    /// Every name that settings stand under, `default` among them, with them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PlatformSettings)> {
        self.0
            .iter()
            .map(|(name, settings)| (name.as_str(), settings))
    }
}

impl TryFrom<BTreeMap<String, PlatformSettings>> for Platforms {
    type Error = NotASlug;

    fn try_from(settings: BTreeMap<String, PlatformSettings>) -> Result<Self, NotASlug> {
        match settings.keys().find(|name| !is_slug(name)) {
            Some(name) => Err(NotASlug(name.clone())),
            None => Ok(Self(settings)),
        }
    }
}

fn is_slug(name: &str) -> bool {
    let ordinary = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.bytes().next().is_some_and(ordinary)
        && name
            .bytes()
            .all(|b| ordinary(b) || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platforms(json: serde_json::Value) -> Result<Platforms, serde_json::Error> {
        serde_json::from_value(json)
    }

    #[test]
    fn a_channel_that_is_not_named_has_the_settings_of_default() {
        let platforms = platforms(serde_json::json!({
            "default": {"auto_confirm": true, "expire_unpaid_after_seconds": 60},
            "shop": {"on_cancellation": "nothing"},
        }))
        .expect("valid");
        assert!(platforms.get("web").auto_confirm);
        assert_eq!(platforms.get("web").expire_unpaid_after_seconds, Some(60));
        let shop = platforms.get("shop");
        assert!(!shop.auto_confirm, "a named one inherits nothing");
        assert!(platforms.knows("web") && platforms.knows("shop"));
        assert!(!Platforms::default().knows("web"));
        assert_eq!(shop.on_cancellation, OnCancellation::Nothing);
    }

    #[test]
    fn nobody_having_said_anything_nothing_happens_by_itself() {
        let unsaid = Platforms::default().get("web").clone();
        assert_eq!(unsaid, PlatformSettings::default());
        assert_eq!(unsaid.on_cancellation, OnCancellation::Request);
        assert!(!unsaid.auto_confirm && unsaid.expire_unpaid_after_seconds.is_none());
    }

    #[test]
    fn what_would_never_apply_is_refused() {
        for wrong in [
            serde_json::json!({"web": {"auto_confrim": true}}),
            serde_json::json!({"web": {"on_cancellation": "perhaps"}}),
            serde_json::json!({"web": {"expire_unpaid_after_seconds": -1}}),
            serde_json::json!({"Web Shop": {}}),
        ] {
            assert!(platforms(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
