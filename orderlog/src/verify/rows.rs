//! The rows of every projection, page by page; what differs is repaired at
//! once, so that nothing has to be remembered of it.

use super::{
    Options,
    error::VerifyError,
    pages::{Pages, Part},
    report::{Difference, Report},
    store,
};
use infra::{postgres, views::parked};
use projections::{
    Sources,
    engine::verify::{self, CompareError, Difference as How, Documents, Found, Page},
    registry::{self, Registered},
};
use sqlx::{PgConnection, PgPool};
use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Rows that the log is asked about at a time.
const OTHERS: i64 = 1_000;
/// Between two looks at what is waited for.
const POLL: Duration = Duration::from_millis(100);

/// What rows are compared with.
pub(super) struct Rows<'a> {
    sources: &'a Sources,
    log: &'a PgPool,
    /// Where marks are left.
    marks: PgPool,
    /// Where the twins are.
    views: PgConnection,
    options: Options,
    /// Until when the projections may be behind.
    deadline: Instant,
    /// A repair was waited for in vain: no other one is.
    stalled: bool,
}

impl<'a> Rows<'a> {
    pub async fn prepare(
        sources: &'a Sources,
        log: &'a PgPool,
        options: Options,
    ) -> Result<Self, VerifyError> {
        let views = verify::connect(&sources.config).await;
        let mut views = views.map_err(VerifyError::Views)?;
        let deadline = Instant::now() + options.wait;
        for projection in registry::ALL {
            built(*projection, &mut views, deadline).await?;
        }
        Ok(Self {
            sources,
            log,
            marks: postgres::pool(&sources.config.views_url, 1).map_err(VerifyError::Views)?,
            views,
            options,
            deadline,
            stalled: false,
        })
    }

    /// Compares the streams of every kind with the projections of it; of those
    /// that publish documents, `published` hears what is to be compared of them.
    pub async fn compare(
        mut self,
        pages: Pages<'_>,
        published: &mut [Documents],
        report: &mut Report,
    ) -> Result<(), VerifyError> {
        let kinds: BTreeSet<_> = registry::ALL.iter().map(|p| p.aggregate_type()).collect();
        for kind in kinds {
            let mut cursor = pages.begin(kind);
            while let Some(part) = pages.next(&mut cursor).await? {
                report.log_orders += part.page.0.len() as u64;
                report.log_events += part.events;
                report.log_gaps += part.gaps.len() as u64;
                for (id, what) in &part.gaps {
                    report.tell(Difference::of_order(*id, what.clone()));
                }
                for projection in registry::ALL {
                    if projection.aggregate_type() != kind {
                        continue;
                    }
                    let differing = self.part(*projection, &part, report).await?;
                    let name = projection.name();
                    let documents = published.iter_mut().find(|of| of.projection() == name);
                    if let Some(documents) = documents {
                        let told = tell(documents, &part, &differing).await;
                        told.map_err(VerifyError::Views)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Compares a part, and what the projection has beside it; what differs.
    async fn part(
        &mut self,
        projection: &'static dyn Registered,
        part: &Part,
        report: &mut Report,
    ) -> Result<Vec<Uuid>, VerifyError> {
        let of = report.projection(projection.name());
        of.orders += part.page.0.len() as u64;
        let mut differing = self.page(projection, &part.page, report).await?;
        let Some((mut after, last)) = part.range else {
            return Ok(differing);
        };
        let known: Vec<Uuid> = part.page.0.keys().copied().collect();
        loop {
            let range = (after, last);
            let others = projection.others(&mut self.views, range, &known, OTHERS);
            let others = others.await.map_err(VerifyError::Views)?;
            let Some(end) = others.last() else {
                return Ok(differing);
            };
            after = *end;
            let unknown = self.unknown(projection, &others).await?;
            let unknown = unknown.into_iter().map(|id| (id, Ok(Vec::new())));
            let page = Page(unknown.collect());
            differing.extend(self.page(projection, &page, report).await?);
        }
    }

    /// Those that the log does not know, which was read before them, by now.
    async fn unknown(
        &self,
        projection: &'static dyn Registered,
        ids: &BTreeSet<Uuid>,
    ) -> Result<Vec<Uuid>, VerifyError> {
        let texts: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        let known = store::known(self.log, projection.aggregate_type(), &texts).await;
        let known: HashSet<String> = known.map_err(VerifyError::Log)?;
        let unknown = ids.iter().filter(|id| !known.contains(&id.to_string()));
        Ok(unknown.copied().collect())
    }

    async fn page(
        &mut self,
        projection: &'static dyn Registered,
        page: &Page,
        report: &mut Report,
    ) -> Result<Vec<Uuid>, VerifyError> {
        if page.0.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.settled(projection, page).await?;
        if self.options.repair && !found.differing.is_empty() {
            found = self.repair(projection, page, found, report).await?;
        }
        for (id, how) in &found.differing {
            report.differs(projection.name(), *id, how);
        }
        Ok(found.differing.into_keys().collect())
    }

    /// Compares, again and again until the projection has come to everything.
    async fn settled(
        &mut self,
        projection: &'static dyn Registered,
        page: &Page,
    ) -> Result<Found, VerifyError> {
        loop {
            let found = projection.compare(self.sources, &mut self.views, page);
            let found = found.await?;
            if found.behind.is_empty() {
                return Ok(found);
            }
            if Instant::now() >= self.deadline {
                return Err(VerifyError::ViewsBehind {
                    projection: projection.name(),
                    events: found.behind.values().sum(),
                    partitions: found.behind.len(),
                    waited: self.options.wait,
                });
            }
            sleep(POLL).await;
        }
    }

    /// Has what differs folded anew by the projectors, and compares it again.
    async fn repair(
        &mut self,
        projection: &'static dyn Registered,
        page: &Page,
        mut found: Found,
        report: &mut Report,
    ) -> Result<Found, VerifyError> {
        let of_rows = found.differing.iter();
        // There is nothing to fold those from.
        let of_rows = of_rows.filter(|(_, how)| !matches!(how, How::Unfolded(_)));
        let ids: Vec<Uuid> = of_rows.map(|(id, _)| *id).collect();
        let (name, topic) = (projection.name(), projection.topic());
        let marked = parked::request_refold(&self.marks, name, &topic, &ids).await;
        marked.map_err(VerifyError::Views)?;
        self.driven(name, &ids).await?;
        let again = page.0.iter().filter(|(id, _)| ids.contains(id));
        let again = Page(again.map(|(id, stream)| (*id, stream.clone())).collect());
        let after = self.settled(projection, &again).await?;
        let differing = after.differing;
        report.projection(name).repaired += (ids.len() - differing.len()) as u64;
        found.differing.retain(|id, _| !ids.contains(id));
        found.differing.extend(differing);
        Ok(found)
    }

    /// Waits until these are no longer marked, as long as marks are acted upon.
    async fn driven(&mut self, projection: &str, ids: &[Uuid]) -> Result<(), VerifyError> {
        let texts: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        let (mut left, mut since) = (i64::MAX, Instant::now());
        while !self.stalled {
            let now = store::marked(&self.marks, projection, &texts).await;
            let now = now.map_err(VerifyError::Views)?;
            if now == 0 {
                return Ok(());
            }
            if now < left {
                (left, since) = (now, Instant::now());
            }
            self.stalled = since.elapsed() >= self.options.wait;
            sleep(POLL).await;
        }
        tracing::warn!(projection, "verify.no_projector_repairs");
        Ok(())
    }
}

/// Which documents are looked at: of a sample those of its orders, and none of
/// which the rows are wrong already.
async fn tell(
    documents: &mut Documents,
    part: &Part,
    differing: &[Uuid],
) -> Result<(), sqlx::Error> {
    if part.range.is_none() {
        let ids: Vec<Uuid> = part.page.0.keys().copied().collect();
        documents.choose(&ids).await?;
    }
    if !differing.is_empty() {
        documents.leave_out(differing).await?;
    }
    Ok(())
}

/// Prepares a projection, of which the first build may be on its way.
async fn built(
    projection: &dyn Registered,
    views: &mut PgConnection,
    deadline: Instant,
) -> Result<(), VerifyError> {
    loop {
        match projection.prepare(views).await {
            Err(CompareError::NeverBuilt(_)) if Instant::now() < deadline => sleep(POLL).await,
            prepared => return Ok(prepared?),
        }
    }
}
