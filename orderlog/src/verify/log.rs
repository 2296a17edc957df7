//! The log: each order's last sequence, page by page, so that no statement is
//! long enough to hold back the horizon for others.

use super::error::VerifyError;
use super::report::{Difference, Report};
use super::store;
use super::versions::Versions;
use infra::log::Horizon;
use sqlx::PgPool;

/// Events a page.
const PAGE: i64 = 20_000;

/// Reads every order below the horizon.
pub(super) async fn read(
    pool: &PgPool,
    horizon: Horizon,
    versions: &mut Versions,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let mut after = String::new();
    loop {
        let last = store::page_end(pool, &after, PAGE).await;
        let Some(last) = last.map_err(VerifyError::Log)? else {
            return Ok(());
        };
        let page = store::logged_orders(pool, &after, &last, horizon).await;
        for order in page.map_err(VerifyError::Log)? {
            let Ok(id) = order.id.parse() else {
                return Err(VerifyError::ForeignId { id: order.id });
            };
            report.log_orders += 1;
            report.log_events += order.events.cast_unsigned();
            // Sequences are unique by the primary key: these three say it all.
            if order.first != 1 || order.last != order.events {
                report.log_gaps += 1;
                let what = format!(
                    "the log has {} events from sequence {} to {}",
                    order.events, order.first, order.last
                );
                versions.tell(report, Difference::of_order(id, what));
            }
            versions.in_log(id, order.last);
        }
        after = last;
    }
}
