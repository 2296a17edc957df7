//! The views for those who look for a person's orders, and have to know that none is
//! missing.

use crate::{
    lag::{Measured, Meter},
    servers::Servers,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use infra::people::Views;
use sqlx::{Error, PgPool};
use time::OffsetDateTime;
use tokio::sync::Mutex;

/// The views, and how far they are.
pub struct PeopleViews {
    servers: Servers,
    meter: Mutex<Meter>,
}

impl PeopleViews {
    /// Of these servers and of this log.
    pub fn new(servers: Servers, events: PgPool) -> Self {
        let meter = Mutex::new(Meter::new(events, servers.clone()));
        Self { servers, meter }
    }

    /// Whether no server that answers misses an order's event from before.
    async fn show(&self, moment: OffsetDateTime) -> Result<bool, Error> {
        let measured = self.meter.lock().await.measure().await?;
        let mut orders = measured.iter().flatten().map(Measured::orders);
        Ok(orders.all(|behind| behind.since.is_none_or(|since| since > moment)))
    }
}

impl Views for PeopleViews {
    fn pool(&self) -> &PgPool {
        self.servers.primary()
    }

    fn show_all_until(&self, moment: OffsetDateTime) -> BoxFuture<'_, Result<bool, Error>> {
        self.show(moment).boxed()
    }
}
