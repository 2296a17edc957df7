//! How far the views are.

use super::About;
use crate::lag::{self, Frontiers};
use infra::views::models::{self, ReadModel};
use sqlx::{PgPool, Row as _};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What the views of one server have.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Version of whatever was asked for and is there.
    pub versions: HashMap<About, i64>,
    /// What of that is parked: nothing comes of waiting for it.
    pub parked: HashSet<About>,
    /// Place in the log of each partition of each projection, where that was asked for.
    pub frontiers: Frontiers,
    /// The server's place among the servers.
    pub by: usize,
}

/// What is asked of the views.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What may have a version.
    pub abouts: Vec<About>,
    /// Whether places in the log are wanted.
    pub places: bool,
}

/// What the views have now.
pub async fn seen(pool: &PgPool, asked: &Asked) -> Result<Seen, sqlx::Error> {
    let mut seen = Seen::default();
    // What is in the rows is looked at later, and so is not older.
    if asked.places {
        seen.frontiers = lag::frontiers(pool).await?;
    }
    let all = &asked.abouts;
    for model in models::ALL {
        let ids = all.iter().filter(|about| about.model == model.name);
        let ids: Vec<Uuid> = ids.map(|about| about.id).collect();
        if !ids.is_empty() {
            look(pool, model, &ids, &mut seen).await?;
        }
    }
    Ok(seen)
}

async fn look(
    pool: &PgPool,
    model: &ReadModel,
    ids: &[Uuid],
    seen: &mut Seen,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "SELECT w.id, o.version, p.id IS NOT NULL AS parked \
           FROM unnest($1::uuid[]) AS w (id) \
           LEFT JOIN {} o ON o.id = w.id \
           LEFT JOIN parked_orders p ON p.projection = $2 AND p.id = w.id::text",
        model.name
    );
    let rows = sqlx::query(&sql).bind(ids).bind(model.name);
    for row in rows.fetch_all(pool).await? {
        let about = About {
            model: model.name,
            id: row.try_get("id")?,
        };
        if let Some(version) = row.try_get("version")? {
            seen.versions.insert(about, version);
        }
        if row.try_get("parked")? {
            seen.parked.insert(about);
        }
    }
    Ok(())
}
