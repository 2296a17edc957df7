//! What the rows of a simple projection add up to. What a row counts for only
//! its code knows, so a temporary table is filled, page by page.

use super::{Simple, changes::SumChanges, store};
use crate::engine::verify::{Content, SumTable};
use sqlx::{Executor as _, PgConnection};
use uuid::Uuid;

/// Rows a page.
const PAGE: i64 = 5_000;

pub(super) fn summed<S: Simple>() -> SumTable {
    let key: Vec<_> = S::KEYS.iter().map(|(key, _)| *key).collect();
    let key: Vec<_> = key.into_iter().chain(["partition"]).collect();
    let columns = key.iter().chain(S::SUMS);
    let columns: Vec<_> = columns.map(|column| format!("\"{column}\"")).collect();
    SumTable {
        table: S::NAME,
        computed: format!("SELECT {} FROM \"{}\"", columns.join(", "), table::<S>()).into(),
        key,
        content: Content::Sums(S::SUMS),
    }
}

fn table<S: Simple>() -> String {
    format!("{}_added_up", S::NAME)
}

/// Fills it, for as long as the transaction lasts.
pub(super) async fn add_up<S: Simple>(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let table = table::<S>();
    let make = format!(
        "CREATE TEMPORARY TABLE \"{table}\" (LIKE \"{}\" INCLUDING INDEXES) ON COMMIT DROP",
        S::NAME
    );
    connection.execute(make.as_str()).await?;
    let mut after = Uuid::nil();
    loop {
        let page = store::load_after::<S>(connection, after, PAGE).await?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        after = *last;
        let mut changes = SumChanges::default();
        for (_, kept) in &page {
            changes.add(kept.partition, S::contribute(&kept.row));
        }
        store::write_sums::<S>(connection, &table, &changes).await?;
    }
}
