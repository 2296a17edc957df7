//! One page of one projection.

use super::{CompareError, Difference, Found, Page, Stream, store};
use crate::{
    Sources,
    engine::{
        event::{Event, decode},
        failure::{is_about_data, reason},
        fold::Fold,
        opened::{HistoryError, history},
        parking,
        projection::Projection,
        store::{self as checkpoints, Held},
    },
};
use contracts::partition::partition_of;
use infra::lifecycle::error_chain;
use sqlx::{Connection as _, PgConnection};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Makes the twins, if the served build is one of ours.
pub async fn prepare<P: Projection>(views: &mut PgConnection) -> Result<(), CompareError> {
    let Some(build) = checkpoints::build(&mut *views, P::NAME).await? else {
        return Err(CompareError::NeverBuilt(P::NAME));
    };
    if build.version != P::VERSION {
        return Err(CompareError::OtherVersion {
            projection: P::NAME,
            found: build.version,
            ours: P::VERSION,
        });
    }
    for table in store::tables(views, P::NAME).await? {
        store::make_twin(views, &table).await?;
    }
    Ok(())
}

/// Compares a page. Where the database refuses the rows of an aggregate, parts
/// of the page are tried until that one stands alone.
pub async fn compare<P: Projection>(
    sources: &Sources,
    views: &mut PgConnection,
    page: &Page,
) -> Result<Found, CompareError> {
    let all: Vec<Uuid> = page.0.keys().copied().collect();
    let (mut found, mut pending) = (Found::default(), vec![all.as_slice()]);
    while let Some(ids) = pending.pop() {
        match attempt::<P>(sources, views, page, ids).await {
            Ok(part) => found.add(part),
            Err(CompareError::Views(error)) if is_about_data(&error) => match ids {
                [id] => {
                    let why = Difference::Unfolded(reason(&error));
                    found.differing.insert(*id, why);
                }
                ids => {
                    let (first, second) = ids.split_at(ids.len() / 2);
                    pending.extend([second, first]);
                }
            },
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// What the views have of some aggregates, in one snapshot.
struct Stored {
    held: Held,
    versions: HashMap<Uuid, i64>,
    parked: HashMap<String, i64>,
}

async fn attempt<P: Projection>(
    sources: &Sources,
    views: &mut PgConnection,
    page: &Page,
    ids: &[Uuid],
) -> Result<Found, CompareError> {
    let owned = P::owned();
    let tables = store::tables(views, P::NAME).await?;
    let mut snapshot = views.begin_with(SNAPSHOT).await?;
    store::hold(&mut snapshot, &tables).await?;
    let rows = owned.first().ok_or(CompareError::NeverBuilt(P::NAME))?;
    let stored = Stored {
        held: checkpoints::held(&mut *snapshot, P::NAME).await?,
        versions: store::versions(&mut snapshot, rows, ids).await?,
        parked: parking::waiting(&mut snapshot, P::NAME, ids).await?,
    };
    let (mut found, mut fold) = (Found::default(), Fold::<P>::over(HashMap::new()));
    let mut compared = Vec::new();
    for id in ids {
        let folded = match page.0.get(id) {
            Some(stream) => expect(sources, &stored, &mut fold, (*id, stream), &mut found).await?,
            None => None,
        };
        match folded {
            None => compared.push(*id),
            Some(difference) => {
                found.differing.insert(*id, difference);
            }
        }
    }
    let folded = fold.finish();
    if !folded.rows.is_empty() {
        P::write(&mut snapshot, &folded.rows, &folded.changes).await?;
    }
    let mut differing = BTreeMap::<Uuid, Vec<String>>::new();
    for table in &owned {
        for (id, what) in store::differing(&mut snapshot, table, &compared).await? {
            differing.entry(id).or_default().push(what);
        }
    }
    snapshot.commit().await?;
    let rows = differing
        .into_iter()
        .map(|(id, tables)| (id, Difference::Rows(tables)));
    found.differing.extend(rows);
    Ok(found)
}

/// Folds an aggregate up to the version of its rows. Some: they cannot be
/// compared, and this is why.
async fn expect<P: Projection>(
    sources: &Sources,
    stored: &Stored,
    fold: &mut Fold<P>,
    (id, stream): (Uuid, &Stream),
    found: &mut Found,
) -> Result<Option<Difference>, CompareError> {
    let published = match stream {
        Ok(published) => published,
        Err(why) => return Ok(Some(Difference::Unfolded(why.clone()))),
    };
    let key = id.to_string();
    let partition = partition_of(key.as_bytes(), P::TOPIC.partitions);
    let checkpoint = stored.held.partitions.get(&partition);
    let promised = |at| checkpoint.is_some_and(|checkpoint| at <= checkpoint.at);
    let promised = published
        .iter()
        .filter(|event| promised(event.envelope.position.at));
    let promised = i64::try_from(promised.count()).unwrap_or(i64::MAX);
    let log = i64::try_from(published.len()).unwrap_or(i64::MAX);
    let version = stored.versions.get(&id).copied().unwrap_or(0);
    if version < promised {
        return Ok(Some(match stored.parked.get(&key) {
            Some(_) => Difference::Parked {
                found: version,
                log,
            },
            None if version == 0 => Difference::Missing,
            None => Difference::Version {
                found: version,
                log,
            },
        }));
    }
    if version < log {
        *found.behind.entry(partition).or_default() += (log - version).cast_unsigned();
    }
    let events = if version > log {
        later::<P>(sources, id, version).await?
    } else {
        let events = published.iter().take(usize::try_from(version).unwrap_or(0));
        let events = events.map(|event| decode::<P>(event.clone()));
        events.collect::<Result<_, _>>().map_err(|e| reason(&*e))
    };
    let events: Vec<Event<P::Data>> = match events {
        Ok(events) => events,
        Err(why) => return Ok(Some(Difference::Unfolded(why))),
    };
    let present = i64::try_from(events.len()).unwrap_or(i64::MAX);
    if present < version {
        return Ok(Some(match present {
            0 => Difference::Extra,
            log => Difference::Version {
                found: version,
                log,
            },
        }));
    }
    let folded = fold.refold(id, &events);
    Ok(folded.err().map(|e| Difference::Unfolded(reason(&*e))))
}

/// The events of an aggregate up to `version`, of which some are newer than
/// the horizon; why there are none, where they cannot be read.
async fn later<P: Projection>(
    sources: &Sources,
    id: Uuid,
    version: i64,
) -> Result<Result<Vec<Event<P::Data>>, String>, CompareError> {
    let stream = sources
        .log
        .read_stream_until(P::AGGREGATE_TYPE, &id.to_string(), version)
        .await
        .map_err(CompareError::Log)?;
    match history::<P>(sources.mapping.as_ref(), &sources.sealing, &stream).await {
        Ok(events) => Ok(Ok(events)),
        Err(HistoryError::Closed(error)) => Err(CompareError::Closed(error)),
        Err(HistoryError::Event(error)) => Ok(Err(error_chain(&*error))),
    }
}

impl Found {
    fn add(&mut self, other: Self) {
        self.differing.extend(other.differing);
        for (partition, events) in other.behind {
            *self.behind.entry(partition).or_default() += events;
        }
    }
}
