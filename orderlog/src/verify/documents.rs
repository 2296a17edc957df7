//! The documents of the views against those that the log makes, byte for byte.

use super::error::VerifyError;
use super::report::{Difference, Report};
use super::store::{self, ORDER, StoredDocument};
use infra::{
    lifecycle::error_chain,
    log::{ContractMapping, Horizon, LogReader, PublishedEvent, StoredEvent},
    sealing::{OpenError, Sealing},
};
use projections::{
    engine::BoxError,
    orders::{Replayed, replay},
};
use sqlx::PgConnection;
use std::{borrow::Cow, collections::HashMap, error::Error};
use uuid::Uuid;

/// About how many events a page has.
const PAGE: i64 = 5_000;

/// What is compared, and what with.
pub(super) struct Documents<'a> {
    pub log: &'a LogReader,
    pub horizon: Horizon,
    pub mapping: &'a dyn ContractMapping,
    pub sealing: &'a Sealing,
    pub examples: usize,
}

impl Documents<'_> {
    /// Folds every order of the log and counts those whose document, or the
    /// rows of its parts, are other ones in the views. Each is taken as of the
    /// version that the views have: how far that is has been compared before.
    pub async fn compare(
        &self,
        views: &mut PgConnection,
        report: &mut Report,
    ) -> Result<(), VerifyError> {
        let mut after = String::new();
        loop {
            let page = self.log.read_streams(ORDER, &after, self.horizon, PAGE);
            let page = page.await.map_err(VerifyError::Log)?;
            let Some(last) = page.last_id else {
                return Ok(());
            };
            let streams = streams(&page.events)?;
            let ids: Vec<Uuid> = streams.iter().map(|(id, _)| *id).collect();
            let documents = store::documents(views, &ids).await;
            let documents = documents.map_err(VerifyError::Views)?;
            self.compare_page(&streams, &documents, report).await?;
            after = last;
        }
    }

    async fn compare_page(
        &self,
        streams: &[(Uuid, &[StoredEvent])],
        documents: &HashMap<Uuid, StoredDocument>,
        report: &mut Report,
    ) -> Result<(), VerifyError> {
        let mut published = Vec::new();
        for (id, events) in streams {
            // That it is missing was told where versions are compared.
            let Some(stored) = documents.get(id) else {
                continue;
            };
            let events = self.as_of(*id, events, stored.version).await?;
            match self.mapping.stream(&events) {
                Ok(events) => published.extend(events),
                Err(error) => self.unfolded(*id, &error, report),
            }
        }
        self.open(&mut published, report).await?;
        for events in published.chunk_by(|a, b| a.envelope.subject == b.envelope.subject) {
            let id = events[0].envelope.subject;
            if let Some(stored) = documents.get(&id) {
                self.compare_one(id, events, stored, report);
            }
        }
        Ok(())
    }

    /// The events up to `version`, of which some may be newer than the
    /// horizon. None where the views are ahead of the log, which was told.
    async fn as_of<'a>(
        &self,
        id: Uuid,
        events: &'a [StoredEvent],
        version: i64,
    ) -> Result<Cow<'a, [StoredEvent]>, VerifyError> {
        let version = usize::try_from(version).unwrap_or(usize::MAX);
        if let Some(events) = events.get(..version) {
            return Ok(Cow::Borrowed(events));
        }
        let later = self.log.read_stream(ORDER, &id.to_string()).await;
        let mut later = later.map_err(VerifyError::Log)?;
        if later.len() < version {
            later.clear();
        }
        later.truncate(version);
        Ok(Cow::Owned(later))
    }

    /// Opens the personal data of a page, all keys with one query. An order
    /// with damaged data is told, and left out of the rest.
    async fn open(
        &self,
        published: &mut Vec<PublishedEvent>,
        report: &mut Report,
    ) -> Result<(), VerifyError> {
        loop {
            let (index, damaged) = match self.sealing.open(published).await {
                Ok(_) => return Ok(()),
                Err(OpenError::Unavailable(away)) => return Err(VerifyError::Keys(away)),
                Err(damaged @ OpenError::Event { index, .. }) => (index, damaged),
            };
            let Some(id) = published.get(index).map(|e| e.envelope.subject) else {
                return Ok(());
            };
            self.unfolded(id, &damaged, report);
            published.retain(|event| event.envelope.subject != id);
        }
    }

    fn compare_one(
        &self,
        id: Uuid,
        events: &[PublishedEvent],
        stored: &StoredDocument,
        report: &mut Report,
    ) {
        let (replayed, json) = match folded(events) {
            Ok(Some(folded)) => folded,
            Ok(None) => return,
            Err(error) => return self.unfolded(id, error.as_ref(), report),
        };
        if json != stored.json {
            let version = stored.version;
            let what = format!("its document in version {version} is not what the log makes of it");
            report.documents_differing += 1;
            report.tell(self.examples, Difference::of_order(id, what));
        } else if let Some(what) = incomplete(&replayed, stored) {
            report.views_incomplete += 1;
            report.tell(self.examples, Difference::of_order(id, what));
        }
    }

    /// The log has an order of which nothing can be made.
    fn unfolded(&self, id: Uuid, error: &(dyn Error + 'static), report: &mut Report) {
        let what = format!("the log cannot be folded: {}", error_chain(error));
        report.documents_differing += 1;
        report.tell(self.examples, Difference::of_order(id, what));
    }
}

/// What the log makes of an order, and its JSON; none of no events.
fn folded(events: &[PublishedEvent]) -> Result<Option<(Replayed, String)>, BoxError> {
    let Some(replayed) = replay(events)? else {
        return Ok(None);
    };
    let json = serde_json::to_string(&replayed.row.order)?;
    Ok(Some((replayed, json)))
}

/// The events of each order of a page.
fn streams(events: &[StoredEvent]) -> Result<Vec<(Uuid, &[StoredEvent])>, VerifyError> {
    let streams = events.chunk_by(|a, b| a.aggregate_id == b.aggregate_id);
    streams
        .map(|stream| {
            let id = &stream[0].aggregate_id;
            let foreign = |_| VerifyError::ForeignId { id: id.clone() };
            Ok((id.parse().map_err(foreign)?, stream))
        })
        .collect()
}

fn incomplete(replayed: &Replayed, stored: &StoredDocument) -> Option<String> {
    let Replayed { row, movements } = replayed;
    let order = &row.order;
    if row.milestones != stored.milestones {
        return Some("its view says other times at which it came to its states".to_owned());
    }
    if *movements != stored.movements {
        return Some("its view has other movements than its events made".to_owned());
    }
    let parts = [
        ("payments", order.payments.len(), stored.payments),
        ("refunds", order.refunds.len(), stored.refunds),
        ("fulfilments", order.fulfillments.len(), stored.fulfillments),
        ("returns", order.returns.len(), stored.returns),
    ];
    let mut differing = parts
        .into_iter()
        .filter(|(_, listed, rows)| usize::try_from(*rows).ok() != Some(*listed));
    let (name, listed, rows) = differing.next()?;
    Some(format!("its view has {rows} {name} of {listed}"))
}
