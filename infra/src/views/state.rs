//! Which state projections are in.

use crate::redis::Version;
use sqlx::PgExecutor;

/// The versions of everything that is computed from these projections, in one
/// look: of each its build, and the sum of its offsets and of what changed rows
/// beside them. Zero of one that was never built.
///
/// # Errors
/// When the database does not answer.
pub async fn states<const N: usize>(
    views: impl PgExecutor<'_>,
    projections: [&str; N],
) -> Result<[Version; N], sqlx::Error> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT projection, max(build), sum(next + redriven)::bigint FROM projection_offsets \
          WHERE projection = ANY($1) GROUP BY projection",
    )
    .bind(&projections[..])
    .fetch_all(views)
    .await?;
    Ok(projections.map(|name| {
        let row = rows.iter().find(|(projection, ..)| projection == name);
        let (build, number) = row.map_or((0, 0), |(_, build, number)| (*build, *number));
        Version {
            build: build.cast_unsigned(),
            number: number.cast_unsigned(),
        }
    }))
}
