//! Deleting cached values, by key, prefix or family. Nothing is lost by that:
//! what is asked for next is computed again.

use super::{Redis, Unavailable};
use crate::views::CACHE_FAMILIES;

/// Keys that are looked at in one step: the server does nothing else meanwhile.
const SCANNED_AT_ONCE: u32 = 1_000;

/// Which values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purge {
    /// All of them.
    Everything,
    /// Those of a family.
    Family(String),
    /// Those whose names begin so; a name is `<family>:<key>`.
    Prefix(String),
    /// One, by its name.
    Name(String),
}

/// What cannot be purged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPurge {
    /// There is no such family.
    #[error("{family:?} is not one of {}", CACHE_FAMILIES.join(", "))]
    UnknownFamily {
        /// What was named.
        family: String,
    },
    /// One value, and several.
    #[error("cannot be combined with key")]
    KeyAndPrefix,
}

impl Purge {
    /// The values of `family` (else of all) with this `key`, or a key that
    /// begins with `prefix`. Without a family both begin with its name.
    pub fn of(
        family: Option<String>,
        key: Option<String>,
        prefix: Option<String>,
    ) -> Result<Self, InvalidPurge> {
        if let Some(family) = &family
            && !CACHE_FAMILIES.contains(&family.as_str())
        {
            let family = family.clone();
            return Err(InvalidPurge::UnknownFamily { family });
        }
        let name = |key: String| match &family {
            Some(family) => format!("{family}:{key}"),
            None => key,
        };
        match (key, prefix) {
            (Some(_), Some(_)) => Err(InvalidPurge::KeyAndPrefix),
            (Some(key), None) => Ok(Self::Name(name(key))),
            (None, Some(prefix)) => Ok(Self::Prefix(name(prefix))),
            (None, None) => Ok(family.map_or(Self::Everything, Self::Family)),
        }
    }
}

/// Deletes values; how many there were.
pub async fn purge(redis: &Redis, which: &Purge) -> Result<u64, Unavailable> {
    match which {
        Purge::Everything => scan(redis, "").await,
        Purge::Family(family) => scan(redis, &format!("{family}:")).await,
        Purge::Prefix(prefix) => scan(redis, prefix).await,
        Purge::Name(name) => unlink(redis, &[redis.key(&format!("cache:{name}"))]).await,
    }
}

/// Deletes what begins with `prefix`. A value that is kept meanwhile may stay.
async fn scan(redis: &Redis, prefix: &str) -> Result<u64, Unavailable> {
    let pattern = format!("{}*", literal(&redis.key(&format!("cache:{prefix}"))));
    let (mut cursor, mut purged) = (0_u64, 0);
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor)
            .arg("MATCH")
            .arg(&pattern)
            .arg("COUNT")
            .arg(SCANNED_AT_ONCE);
        let (next, keys): (u64, Vec<String>) = redis.command(&scan).await?;
        if !keys.is_empty() {
            purged += unlink(redis, &keys).await?;
        }
        if next == 0 {
            return Ok(purged);
        }
        cursor = next;
    }
}

async fn unlink(redis: &Redis, keys: &[String]) -> Result<u64, Unavailable> {
    redis.command(redis::cmd("UNLINK").arg(keys)).await
}

/// The pattern that only `text` itself matches.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_a_prefix_are_within_the_family() {
        let text = |text: &str| Some(text.to_owned());
        let of = |family, key, prefix| Purge::of(family, key, prefix).ok();
        let named = |name: &str| Some(Purge::Name(name.into()));
        assert_eq!(of(None, None, None), Some(Purge::Everything));
        assert_eq!(
            of(text("orders"), None, None),
            Some(Purge::Family("orders".into()))
        );
        assert_eq!(of(text("orders"), text("1"), None), named("orders:1"));
        assert_eq!(of(None, text("orders:1"), None), named("orders:1"));
        let prefix = Some(Purge::Prefix("orders:01".into()));
        assert_eq!(of(text("orders"), None, text("01")), prefix);
        assert_eq!(of(None, text("a"), text("b")), None);
        let unknown = Purge::of(text("order"), None, None).expect_err("unknown");
        assert_eq!(
            unknown.to_string(),
            "\"order\" is not one of statistics, orders, products, platforms, documents, quotes"
        );
    }

    #[test]
    fn a_name_is_no_pattern() {
        assert_eq!(literal("a:*[b]?\\"), "a:\\*\\[b\\]\\?\\\\");
        assert_eq!(literal("orders:0199-é"), "orders:0199-é");
    }
}
