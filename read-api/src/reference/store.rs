//! The statements of reference data.

use super::request::ListRequest;
use crate::{one::Document, paging};
use infra::{http::Etag, postgres::lends_sessions, views::models::ReadModel};
use sqlx::{PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// One of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id in the log.
    pub id: Uuid,
    /// Its key: its place in the list.
    pub key: String,
    /// Its version and revision.
    pub etag: Etag,
    /// JSON, to be sent as it is.
    pub json: String,
}

/// What is read of a document. Its revision is that of the build: what a newer
/// release makes of the same version is another document.
fn columns(model: &ReadModel) -> String {
    format!(
        "o.id, o.key, o.version, o.document, coalesce((SELECT p.revision_base FROM projections p \
             WHERE p.name = '{}'), 0) AS revision",
        model.name
    )
}

/// Whether document `o` is parked.
fn is_parked(model: &ReadModel) -> String {
    format!(
        "EXISTS (SELECT FROM parked_orders w \
             WHERE w.projection = '{}' AND w.id = o.id::text) AS parked",
        model.name
    )
}

/// The one with this id.
pub async fn one(
    views: PgPool,
    model: &ReadModel,
    id: Uuid,
) -> Result<Option<Document>, sqlx::Error> {
    let sql = format!(
        "SELECT {}, {} FROM {} o WHERE o.id = $1",
        columns(model),
        is_parked(model),
        model.name
    );
    let row = sqlx::query(&sql).bind(id).fetch_optional(&views).await?;
    row.as_ref().map(document).transpose()
}

/// Those with these ids, as far as there are any, by id.
pub async fn several(
    views: &PgPool,
    model: &ReadModel,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Document>, sqlx::Error> {
    let sql = format!(
        "SELECT {}, {} FROM {} o WHERE o.id = ANY($1)",
        columns(model),
        is_parked(model),
        model.name
    );
    let rows = sqlx::query(&sql).bind(ids).fetch_all(views).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("id")?, document(row)?)))
        .collect()
}

/// The page that is asked for and, if there is one, the row beyond it.
pub async fn page(views: &PgPool, list: &ListRequest) -> Result<Vec<Row>, sqlx::Error> {
    let mut sql = statement(list);
    // How frequent words are decides how they are looked for.
    let planned_once = list.text.is_none();
    let rows = sql
        .build()
        .persistent(planned_once || lends_sessions(views))
        .fetch_all(views)
        .await?;
    let row = |row: &PgRow| {
        Ok(Row {
            id: row.try_get("id")?,
            key: row.try_get("key")?,
            etag: etag(row)?,
            json: row.try_get("document")?,
        })
    };
    rows.iter().map(row).collect()
}

fn statement(list: &ListRequest) -> QueryBuilder<'static, Postgres> {
    let model = &list.kind.model;
    let mut sql = QueryBuilder::new(format!(
        "SELECT {} FROM {} o WHERE true",
        columns(model),
        model.name
    ));
    if let Some(archived) = list.archived.condition() {
        sql.push(" AND ").push(archived);
    }
    list.filters.push(&mut sql);
    if let Some(keys) = &list.keys {
        sql.push(" AND key = ANY(")
            .push_bind(keys.clone())
            .push(")");
    }
    if let Some(text) = &list.text {
        sql.push(" AND ");
        text.push_matches(&mut sql);
    }
    if let Some(after) = &list.after {
        sql.push(" AND key > ").push_bind(after.clone());
    }
    sql.push(" ORDER BY key LIMIT ");
    sql.push_bind(paging::one_more(list.limit));
    sql
}

fn document(row: &PgRow) -> Result<Document, sqlx::Error> {
    Ok(Document {
        etag: etag(row)?,
        json: row.try_get("document")?,
        parked: row.try_get("parked")?,
    })
}

fn etag(row: &PgRow) -> Result<Etag, sqlx::Error> {
    Ok(Etag {
        version: row.try_get("version")?,
        revision: row.try_get("revision")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{PLATFORMS, PRODUCTS, kind::Kind};
    use actix_web::test::TestRequest;

    /// Everything behind `WHERE true`.
    fn sql(kind: &'static Kind, query: &str) -> String {
        let request = TestRequest::with_uri(&format!("/?{query}")).to_http_request();
        let list = ListRequest::first_page(kind, &request).expect("valid");
        let sql = statement(&list).into_sql();
        let (_, conditions) = sql.split_once("WHERE true").expect("conditions");
        conditions.to_owned()
    }

    #[test]
    fn what_is_archived_is_left_out_unless_it_is_asked_for() {
        let order = " ORDER BY key LIMIT $1";
        assert_eq!(sql(&PLATFORMS, ""), format!(" AND NOT archived{order}"));
        assert_eq!(
            sql(&PLATFORMS, "archived=true"),
            format!(" AND archived{order}")
        );
        assert_eq!(sql(&PLATFORMS, "archived=any"), order);
    }

    #[test]
    fn all_conditions_hold_and_every_value_is_bound() {
        assert_eq!(
            sql(
                &PRODUCTS,
                "archived=any&updated_from=2026-01-01&q=red%20lamp&sku=a%27&sku=b"
            ),
            " AND updated_at >= $1 AND key = ANY($2) AND words @@ $3::tsquery \
             ORDER BY key LIMIT $4"
        );
    }
}
