//! From what was found to what is told: gaps filled, and figures beside those
//! that they are compared with.

use super::{
    answer::StatisticsRow,
    store::{Found, Group, Sums},
};
use crate::routes::statistics::cached::{MOST_ROWS, StatisticsError};
use std::collections::{BTreeMap, BTreeSet};

/// The rows of an answer: by period, then by group.
pub fn rows(found: Found, fills: bool) -> Result<Vec<StatisticsRow>, StatisticsError> {
    let Found {
        sums,
        periods,
        before,
    } = found;
    if !fills && before.is_none() {
        return Ok(sums.into_iter().map(StatisticsRow::from).collect());
    }
    let mut now: BTreeMap<Key, Sums> = keyed(sums, Some);
    let compared = before.is_some();
    let mut paired: BTreeSet<Option<String>> = BTreeSet::from([None]);
    let mut earlier = before.map_or_else(BTreeMap::new, |before| {
        // The first period is held against the first one, and so on.
        let same: BTreeMap<_, _> = before.periods.into_iter().zip(&periods).collect();
        paired.extend(same.values().map(|period| Some((*period).clone())));
        keyed(before.sums, |period| match period {
            None => Some(None),
            Some(period) => same.get(&period).map(|period| Some((*period).clone())),
        })
    });
    let mut keys: BTreeSet<Key> = now.keys().chain(earlier.keys()).cloned().collect();
    if fills {
        let groups: BTreeSet<Group> = keys.iter().map(|(_, group)| group.clone()).collect();
        if groups.len().saturating_mul(periods.len()) > MOST_ROWS {
            return Err(StatisticsError::TooManyRows);
        }
        for period in &periods {
            let all = groups.iter().cloned();
            keys.extend(all.map(|group| (Some(period.clone()), group)));
        }
    }
    let rows = keys.into_iter().map(|key| {
        let zero = || Sums::zero(key.0.clone(), key.1.clone());
        let row = StatisticsRow::from(now.remove(&key).unwrap_or_else(zero));
        if compared {
            let previous = paired.contains(&key.0);
            row.beside(previous.then(|| earlier.remove(&key).unwrap_or_else(zero)))
        } else {
            row
        }
    });
    Ok(rows.collect())
}

type Key = (Option<String>, Group);

fn keyed(
    sums: Vec<Sums>,
    place: impl Fn(Option<String>) -> Option<Option<String>>,
) -> BTreeMap<Key, Sums> {
    let keyed = sums.into_iter().filter_map(|sums| {
        let period = place(sums.period.clone())?;
        Some(((period, sums.group()), sums))
    });
    keyed.collect()
}
