//! Making a projection anew from the log, beside the one that is served
//! (`docs/ARCHITECTURE.md`, invariant 14).
//!
//! ```text
//!  requested ─> running: tables in a schema of their own
//!                 filling      the log up to a horizon, by several writers
//!                 indexing     one after the other
//!                 catching up  what was stored since, round by round
//!                 held         only where it parks too much: until that is accepted
//!                 switch       one transaction ──────────────────────> done
//! ```
//!
//! What is done is stored with the rows, so a builder that dies is gone on
//! with; the served build and its projectors notice nothing until the switch.

mod apply;
mod catch_up;
mod error;
mod fill;
mod page;
mod parked;
mod progress;
mod requested;
mod run;
mod store;
mod switch;
mod tables;

pub use error::RebuildError;
pub use progress::{Progress, RebuildReport};
pub use requested::{cancel, rebuild};
pub use run::OnProgress;

pub(super) use requested::{carry_out, is_held};
pub(super) use run::{Asked, run};
pub(super) use tables::{SERVED, quoted};

use super::projection::Projection;
use sqlx::{Connection as _, PgConnection};

/// Makes sure that the tables of a projection that was never built are there,
/// empty: readers find nothing in them, instead of no tables.
pub async fn make_empty<P: Projection>(views: &mut PgConnection) -> Result<(), sqlx::Error> {
    let mut transaction = views.begin().await?;
    if super::store::introduce(&mut transaction, P::NAME, P::VERSION).await? {
        tables::serve_empty::<P>(&mut transaction).await?;
    }
    transaction.commit().await
}
