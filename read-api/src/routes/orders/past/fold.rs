//! The fold: page by page from the first event on, so that an order of any
//! length costs memory for a page, and for itself.

use super::Moment;
use crate::log::{self, Log, ORDER};
use contracts::{
    order::{FoldError, Order, apply},
    topics::ORDERS,
};
use domain::order::{ContractError, Refold};
use infra::{
    http::Problem,
    log::{PageSize, StoredEvent},
};
use std::collections::VecDeque;
use uuid::Uuid;

/// Events that are in memory at once.
const PAGE: PageSize = PageSize {
    events: 500,
    bytes: 1 << 20,
};

/// One order on its way through its past.
pub struct Past<'a> {
    log: &'a Log,
    id: String,
    newest: i64,
    refold: Refold,
    order: Option<Order>,
    /// Read and opened, not folded yet.
    page: VecDeque<StoredEvent>,
    /// Version of the last event that was read.
    read: i64,
}

/// An event that today's code cannot fold.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Event(#[from] ContractError),
    #[error(transparent)]
    Order(#[from] FoldError),
    #[error("the aggregate's id is not a UUID")]
    Id(#[from] uuid::Error),
}

impl<'a> Past<'a> {
    /// Before the first event of an order; none where the log has no such order.
    pub async fn of(log: &'a Log, id: Uuid) -> Result<Option<Self>, Problem> {
        log.usable()?;
        let id = id.to_string();
        let newest = log.reader.newest_version(ORDER, &id).await;
        let newest = newest.map_err(|error| Problem::database(&error))?;
        Ok(newest.map(|newest| Self {
            log,
            id,
            newest,
            refold: Refold::default(),
            order: None,
            page: VecDeque::new(),
            read: 0,
        }))
    }

    /// The order's version when it was asked for.
    pub const fn newest(&self) -> i64 {
        self.newest
    }

    /// The order as far as it is folded; none before its first event.
    pub const fn order(&self) -> Option<&Order> {
        self.order.as_ref()
    }

    /// The same, at the end.
    pub fn into_order(self) -> Option<Order> {
        self.order
    }

    /// Folds on up to `moment`, or to the end.
    pub async fn advance(&mut self, moment: Moment) -> Result<(), Problem> {
        while self.step(moment).await? {}
        Ok(())
    }

    /// Folds the next event, if there is one up to `moment`; whether there was.
    pub async fn step(&mut self, moment: Moment) -> Result<bool, Problem> {
        let last = match moment {
            Moment::Version(version) => version.min(self.newest),
            Moment::Time(_) => self.newest,
        };
        if self.page.is_empty() && (self.read >= last || !self.fetch(last).await?) {
            return Ok(false);
        }
        let beyond = |event: &StoredEvent| match moment {
            Moment::Version(version) => event.sequence > version,
            Moment::Time(time) => event.recorded_at > time,
        };
        if self.page.front().is_none_or(beyond) {
            return Ok(false);
        }
        self.fold().map_err(Problem::internal)?;
        Ok(true)
    }

    /// Reads the next page; whether there is one.
    async fn fetch(&mut self, last: i64) -> Result<bool, Problem> {
        let (stream, range) = ((ORDER, self.id.as_str()), (self.read, last));
        let page = self.log.reader.read_stream_page(stream, range, PAGE).await;
        let mut page = page.map_err(|error| Problem::database(&error))?;
        for event in &mut page {
            self.log.mapping.upcast(event).map_err(Problem::internal)?;
        }
        let opened = self.log.sealing.open(&mut page).await;
        opened.map_err(|error| log::closed(&error))?;
        self.read = page.last().map_or(self.read, |event| event.sequence);
        self.page = page.into();
        Ok(!self.page.is_empty())
    }

    fn fold(&mut self) -> Result<(), Broken> {
        let Some(stored) = self.page.pop_front() else {
            return Ok(());
        };
        let parts = (
            stored.event_type.as_str(),
            stored.event_version.as_str(),
            stored.payload.as_str(),
        );
        let event = self.refold.next(parts)?;
        let envelope = stored.envelope(event.event_type(), &ORDERS)?;
        self.order = Some(apply(self.order.take(), &envelope, event)?);
        Ok(())
    }
}
