//! Throws away what was told long ago.

use crate::work::{
    Running,
    sweep::{self, BATCH, Sweep},
};
use infra::{
    config::Config,
    jobs::{Context, Job, Kind},
    webhooks::throw_away,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

/// Throws away what has been kept for long enough.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Retention {}

impl Job for Retention {
    const KIND: Kind = sweep::kind("webhooks.retention");
}

/// Keeps messages as long as the configuration says.
pub fn handler(
    config: &Config,
    ops: &PgPool,
) -> impl Fn(Retention, Context) -> Running + Send + Sync + use<> {
    let (days, ops) = (f64::from(sweep::days(config.webhook_days)), ops.clone());
    move |_, context| {
        let ops = ops.clone();
        Box::pin(async move {
            let mut sweep = Sweep::new(&context);
            // Deliveries make room for messages, and these for endpoints.
            while sweep.batch(throw_away(&ops, days, BATCH)).await? > 0 {}
            Ok(sweep.done())
        })
    }
}
