//! Pages of orders.

use super::{
    request::ListRequest,
    sort::{Sort, SortColumn},
};
use crate::{
    cursor::{Keyset, Place},
    filters::{SKU, Text},
    paging,
    routes::orders::store::REVISION,
};
use infra::{http::Etag, postgres::lends_sessions};
use sqlx::{PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow};

/// One order of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place in the list.
    pub keyset: Keyset,
    /// Its version and revision.
    pub etag: Etag,
    /// JSON, to be sent as it is.
    pub summary: String,
    /// The whole order, where something of it is asked for beside that.
    pub document: Option<String>,
}

/// The page that is asked for and, if there is one, the row beyond it; in the
/// order in which they are come upon, which is that of the list unless the page
/// leads back.
pub async fn page(views: &PgPool, list: &ListRequest) -> Result<Vec<Row>, sqlx::Error> {
    let mut sql = statement("", list)?;
    let planned_once = list.chosen.is_planned_once() || lends_sessions(views);
    let query = sql.build().persistent(planned_once);
    let rows = query.fetch_all(views).await?;
    rows.iter().map(|row| read(row, list)).collect()
}

/// How the database carries the statement out, having done so:
/// `EXPLAIN (ANALYZE, BUFFERS)` as JSON.
pub async fn plan(views: &PgPool, list: &ListRequest) -> Result<String, sqlx::Error> {
    let explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ";
    let mut sql = statement(explain, list)?;
    let plan: sqlx::types::JsonValue = sql.build_query_scalar().fetch_one(views).await?;
    Ok(plan.to_string())
}

fn statement(
    prefix: &str,
    list: &ListRequest,
) -> Result<QueryBuilder<'static, Postgres>, sqlx::Error> {
    let column = list.sort.column;
    let walk = Walk::of(list);
    let mut sql = QueryBuilder::new(prefix);
    sql.push(format!("SELECT id, version, {REVISION}, summary, "));
    if list.expand.takes_documents() {
        sql.push("document, ");
    }
    sql.push(column.name()).push(" AS sorted FROM ");
    if column == SortColumn::CreatedAt && push_listed(&mut sql, list)? {
        walk.push_order(&mut sql, "listed_at", "listed_id");
    } else if let Some(text) = &list.chosen.text {
        push_found(&mut sql, list, text)?;
        walk.push_order(&mut sql, "listed_at", "listed_id");
    } else {
        sql.push("orders WHERE true");
        list.chosen.push_but("", &mut sql);
        walk.push_place(&mut sql, column.name(), "id")?;
        walk.push_order(&mut sql, column.name(), "id");
    }
    push_limit(&mut sql, list);
    Ok(sql)
}

/// Written out where it is the usual one: how much of an index a page takes
/// decides which one is best, and not each size is worth a statement.
fn push_limit(sql: &mut QueryBuilder<'static, Postgres>, list: &ListRequest) {
    let limit = paging::one_more(list.limit);
    sql.push(" LIMIT ");
    if paging::is_usual(list.limit) {
        sql.push(limit);
    } else {
        sql.push_bind(limit);
    }
}

/// The orders with a line of a SKU, or those that a text finds, in the order of
/// the list by the index of the lines or of the words: looking at each order's
/// would cost the more the fewer orders have them. With other filters a text is
/// left to the planner, since they may be rarer than its words. False for a list
/// that asks for neither.
fn push_listed(
    sql: &mut QueryBuilder<'static, Postgres>,
    list: &ListRequest,
) -> Result<bool, sqlx::Error> {
    const LISTED: &str = "created_at AS listed_at, order_id AS listed_id FROM";
    let sku = list.chosen.filters.only_value(SKU.parameter);
    let text = list.chosen.text.as_ref();
    let text = text.filter(|_| list.chosen.filters.is_empty());
    match (sku, text) {
        (Some(sku), _) => {
            sql.push(format!(
                "(SELECT DISTINCT {LISTED} order_lines WHERE sku = "
            ));
            sql.push_bind(sku.to_owned());
        }
        (None, Some(text)) => {
            sql.push(format!("(SELECT {LISTED} order_search WHERE "));
            text.push_matches(sql);
        }
        (None, None) => return Ok(false),
    }
    let walk = Walk::of(list);
    walk.push_place(sql, "created_at", "order_id")?;
    walk.push_order(sql, "created_at", "order_id");
    if sku.is_none() {
        // Nothing else chooses orders: these are the page.
        push_limit(sql, list);
    }
    sql.push(") listed JOIN orders ON id = listed_id WHERE true");
    if sku.is_some() {
        list.chosen.push_but(SKU.parameter, sql);
    }
    Ok(true)
}

/// The orders that a text finds, in another order or among others that filters
/// choose. Who has its words is found out first, from the words alone; then the
/// index in the order of the list says where they stand, and only those of the page
/// are read. So it never reads more than there is of words and of one index, however
/// frequent a word is: left to itself the database would look up each order that has
/// it, or walk along the list, for a word that hardly any has.
fn push_found(
    sql: &mut QueryBuilder<'static, Postgres>,
    list: &ListRequest,
    text: &Text,
) -> Result<(), sqlx::Error> {
    let (column, walk) = (list.sort.column.name(), Walk::of(list));
    sql.push("(WITH found AS MATERIALIZED (SELECT order_id FROM order_search WHERE ");
    text.push_matches(sql);
    sql.push(format!(
        ") SELECT {column} AS listed_at, id AS listed_id FROM orders \
          WHERE id IN (SELECT order_id FROM found)"
    ));
    list.chosen.filters.push(sql);
    walk.push_place(sql, column, "id")?;
    walk.push_order(sql, column, "id");
    push_limit(sql, list);
    sql.push(") listed JOIN orders ON id = listed_id");
    Ok(())
}

/// In which order the rows of a page are come upon, and from where on.
#[derive(Clone, Copy)]
struct Walk {
    sort: Sort,
    place: Option<Place>,
}

impl Walk {
    fn of(list: &ListRequest) -> Self {
        let back = list.place.is_some_and(|place| place.way.is_back());
        Self {
            sort: if back {
                list.sort.reversed()
            } else {
                list.sort
            },
            place: list.place,
        }
    }

    fn push_order(self, sql: &mut QueryBuilder<'static, Postgres>, column: &str, id: &str) {
        let direction = |descending| if descending { "DESC" } else { "ASC" };
        let (first, ids) = (self.sort.descending, self.sort.ids_descending);
        let (first, ids) = (direction(first), direction(ids));
        sql.push(format!(" ORDER BY {column} {first}, {id} {ids}"));
    }

    /// Where all goes one way, a comparison of rows, so that the index begins
    /// right there however deep the page is. Else the index begins at the value,
    /// and only the ids that have it are compared.
    fn push_place(
        self,
        sql: &mut QueryBuilder<'static, Postgres>,
        column: &str,
        id: &str,
    ) -> Result<(), sqlx::Error> {
        let Some(Place { way, keyset }) = self.place else {
            return Ok(());
        };
        let comparison = |descending| if descending { "<" } else { ">" };
        let equal = if way.has_place() { "=" } else { "" };
        let first = comparison(self.sort.descending);
        let ids = comparison(self.sort.ids_descending);
        if first == ids {
            sql.push(format!(" AND ({column}, {id}) {first}{equal} ("));
            self.push_value(sql, keyset)?;
            sql.push(", ").push_bind(keyset.id).push(")");
        } else {
            sql.push(format!(" AND {column} {first}= "));
            self.push_value(sql, keyset)?;
            sql.push(format!(" AND ({column} {first} "));
            self.push_value(sql, keyset)?;
            sql.push(format!(" OR {id} {ids}{equal} "));
            sql.push_bind(keyset.id).push(")");
        }
        Ok(())
    }

    fn push_value(
        self,
        sql: &mut QueryBuilder<'static, Postgres>,
        keyset: Keyset,
    ) -> Result<(), sqlx::Error> {
        if self.sort.column.is_time() {
            sql.push_bind(keyset.time()?);
        } else {
            sql.push_bind(keyset.value);
        }
        Ok(())
    }
}

fn read(row: &PgRow, list: &ListRequest) -> Result<Row, sqlx::Error> {
    let id = row.try_get("id")?;
    let keyset = if list.sort.column.is_time() {
        Keyset::at(row.try_get("sorted")?, id)
    } else {
        let value = row.try_get("sorted")?;
        Keyset { value, id }
    };
    Ok(Row {
        keyset,
        etag: Etag {
            version: row.try_get("version")?,
            revision: row.try_get("revision")?,
        },
        summary: row.try_get("summary")?,
        document: if list.expand.takes_documents() {
            Some(row.try_get("document")?)
        } else {
            None
        },
    })
}
