//! Quotes through the cache: computed once for all who ask for what comes to the
//! same, under a name that says all that they depend on. So what is found is
//! never of an older state than what was looked at for the question, and nothing
//! has to be taken back when a zone, a method or a platform changes.

use super::{answer::RefusedMethod, snapshot::Snapshot};
use crate::reply::TagHash;
use domain::{
    shipping::{Basket, Destination, Offer, canonical, quote},
    text::Id,
};
use infra::{
    http::Problem,
    redis::{Entry, Found, Redis, Version, VersionedCache},
    views::QUOTES_FAMILY,
};
use serde::{Deserialize, Serialize};
use std::{future::ready, sync::Arc, time::Duration};

/// How long a quote is kept.
const LIFE: Duration = Duration::from_mins(10);
/// Rises when the engine, or what is kept of a quote, changes.
const FORMAT: &str = "quote 1";
/// The state that every quote is of: its key says all there is to say.
const STATE: Version = Version {
    build: 0,
    number: 0,
};

/// Computed quotes.
pub type Cache = VersionedCache<Unwritten>;

/// The cache; a key begins with the slug of a platform.
pub fn cache(redis: Redis) -> Cache {
    VersionedCache::new(redis, QUOTES_FAMILY, LIFE)
}

/// A quote that cannot be written down.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a quote has no form as JSON")]
pub struct Unwritten(#[source] Arc<serde_json::Error>);

/// All that a quote depends on.
#[derive(Debug)]
pub struct Asked {
    /// What is shipped.
    pub basket: Basket,
    /// Where it goes.
    pub place: Destination,
    /// Version of the platform that the basket was made by.
    pub platform_version: i64,
    /// What there is to choose from.
    pub shipping: Arc<Snapshot>,
}

/// A quote as it is kept: what is promised and until when comes with each
/// answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Computed {
    /// The zone that the place is in.
    pub zone: Option<Id>,
    /// By what they cost, then name, then id.
    pub offers: Vec<Offer>,
    /// By name, then id.
    pub refused: Vec<RefusedMethod>,
}

impl Computed {
    /// What is offered for this.
    pub fn of(asked: &Asked) -> Self {
        let Snapshot { zones, methods, .. } = &*asked.shipping;
        let quote = quote(&asked.basket, &asked.place, zones, methods);
        Self {
            zone: quote.zone,
            offers: quote.offers,
            refused: quote.refused.iter().map(RefusedMethod::of).collect(),
        }
    }
}

impl Asked {
    /// What the quote is kept under: the same for what comes to the same.
    pub fn key(&self) -> String {
        let Snapshot { zones, methods, .. } = &*self.shipping;
        let form = canonical(&self.basket, &self.place, zones, methods);
        let mut hash = TagHash::of(FORMAT);
        let state = self.shipping.state;
        for version in [state.zones, state.methods] {
            hash.add(&version.build.to_be_bytes());
            hash.add(&version.number.to_be_bytes());
        }
        hash.add(&self.platform_version.to_be_bytes());
        // The only part that has no fixed length.
        hash.add(&form.bytes());
        // No slug has a colon.
        format!("{}:{}", self.basket.platform(), hash.finish())
    }

    fn entry(&self) -> Result<Entry, Unwritten> {
        let json = serde_json::to_vec(&Computed::of(self));
        let json = json.map_err(|error| Unwritten(Arc::new(error)))?;
        Ok(Entry::new(STATE, json))
    }
}

/// The quote for this, and what the cache had of it.
///
/// # Errors
/// None that a cache would cause.
pub async fn computed(cache: &Cache, asked: Asked) -> Result<(Computed, Found), Problem> {
    let asked = Arc::new(asked);
    let compute = || {
        let asked = Arc::clone(&asked);
        async move { asked.entry() }
    };
    let state = || ready(Ok(STATE));
    let key = asked.key();
    let answered = cache.get_or_compute(&key, Some(STATE), state, compute);
    let answered = answered.await.map_err(Problem::internal)?;
    // Whatever is there under that name: the quote is what is computed.
    let read = serde_json::from_slice(&answered.entry.value);
    let computed = read.unwrap_or_else(|_| Computed::of(&asked));
    Ok((computed, answered.found))
}
