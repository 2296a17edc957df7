//! Pages of customers.

use super::request::{ListRequest, Sort};
use crate::{
    paging,
    routes::customers::told::{self, COLUMNS, ListedCustomer},
};
use infra::postgres::lends_sessions;
use sqlx::{PgPool, Postgres, QueryBuilder};

/// Placed orders of customers.
const PLACED: &str = "FROM order_customers c WHERE subject IS NOT NULL AND placed_at IS NOT NULL";

/// No later order is the same customer's: it stands for the customer. Looked up in the
/// index of customers' orders, one step for each order that is come upon.
const IS_LAST: &str = " AND NOT EXISTS (SELECT FROM order_customers l \
     WHERE l.subject = c.subject AND l.placed_at IS NOT NULL \
       AND (l.placed_at, l.order_id) > (c.placed_at, c.order_id))";

/// The page that is asked for and, if there is one, the customer beyond it.
pub async fn page(views: &PgPool, list: &ListRequest) -> Result<Vec<ListedCustomer>, sqlx::Error> {
    let mut sql = statement("", list)?;
    // How frequent words are decides how they are looked for.
    let planned_once = list.words.is_none() || lends_sessions(views);
    let query = sql.build().persistent(planned_once);
    let rows = query.fetch_all(views).await?;
    told::each(&rows).map(ListedCustomer::of).collect()
}

/// How the database carries the statement out, having done so:
/// `EXPLAIN (ANALYZE, BUFFERS)` as JSON.
pub async fn plan(views: &PgPool, list: &ListRequest) -> Result<String, sqlx::Error> {
    let explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ";
    let mut sql = statement(explain, list)?;
    let plan: sqlx::types::JsonValue = sql.build_query_scalar().fetch_one(views).await?;
    Ok(plan.to_string())
}

/// The last orders of the customers of the page, in the order of the list, and what
/// is told of those. Without a search they are come upon along the index of orders by
/// business time, however deep the page is, and of the table only they are read.
fn statement(
    prefix: &str,
    list: &ListRequest,
) -> Result<QueryBuilder<'static, Postgres>, sqlx::Error> {
    let (than, way) = match list.sort {
        Sort::Newest => ("<", "DESC"),
        Sort::Oldest => (">", "ASC"),
    };
    let order = |of: &str| format!(" ORDER BY {of}placed_at {way}, {of}order_id {way}");
    let mut sql = QueryBuilder::new(prefix);
    sql.push("WITH ");
    if list.is_searched() {
        push_found(&mut sql, list);
        sql.push(order(""))
            .push("), page AS (SELECT order_id FROM found c WHERE true");
    } else {
        sql.push("page AS (SELECT order_id ").push(PLACED);
    }
    list.filters.push(&mut sql);
    if let Some(after) = list.after {
        sql.push(format!(" AND (placed_at, order_id) {than} ("));
        sql.push_bind(after.time()?).push(", ");
        sql.push_bind(after.id).push(")");
    }
    sql.push(IS_LAST).push(order(""));
    push_limit(&mut sql, list.limit);
    sql.push(format!(") SELECT {COLUMNS} {}", told::joined()));
    sql.push(order("c.")).push(", f.currency");
    Ok(sql)
}

/// `found`: the orders that have the email and the words, found by these alone and
/// then put in the order of the list, from which only as many are looked at as the
/// page takes. Left to itself the database may walk along the list for a name that
/// hardly anybody has.
fn push_found(sql: &mut QueryBuilder<'static, Postgres>, list: &ListRequest) {
    sql.push("found AS MATERIALIZED (SELECT order_id, subject, placed_at, platform, customer_id ");
    sql.push(PLACED);
    if let Some(email) = &list.email {
        sql.push(" AND emails @> ").push_bind(vec![email.clone()]);
        sql.push(" AND email = ").push_bind(email.clone());
    }
    if let Some(words) = &list.words {
        sql.push(" AND ");
        words.push_matches(sql);
    }
}

/// Written out where it is the usual one: how much of an index a page takes decides
/// which one is best, and not each size is worth a statement.
fn push_limit(sql: &mut QueryBuilder<'static, Postgres>, limit: usize) {
    let fetched = paging::one_more(limit);
    sql.push(" LIMIT ");
    if paging::is_usual(limit) {
        sql.push(fetched);
    } else {
        sql.push_bind(fetched);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::request::PARAMETERS, *};
    use crate::cursor::Keyset;
    use actix_web::test::TestRequest;
    use infra::http::Query;
    use time::macros::datetime;
    use uuid::Uuid;

    /// What finds the page, and in which order it is told.
    fn sql(text: &str, after: Option<Keyset>) -> (String, String) {
        let request = TestRequest::with_uri(&format!("/?{text}")).to_http_request();
        let query = Query::of(&request, PARAMETERS).expect("known");
        let list = ListRequest::first_page(&request, &query).expect("valid");
        let list = ListRequest { after, ..list };
        let sql = statement("", &list).expect("a time").into_sql();
        let (page, rest) = sql.split_once(") SELECT c.subject").expect("a page");
        let (_, order) = rest.split_once(" f ON true").expect("figures");
        (page.replace(IS_LAST, " [last]"), order.to_owned())
    }

    const WALK: &str = "WITH page AS (SELECT order_id FROM order_customers c \
                        WHERE subject IS NOT NULL AND placed_at IS NOT NULL";

    #[test]
    fn a_list_without_a_search_is_a_walk_along_an_index() {
        let newest = " ORDER BY placed_at DESC, order_id DESC";
        let (page, order) = sql("", None);
        assert_eq!(page, format!("{WALK} [last]{newest} LIMIT 51"));
        assert_eq!(
            order,
            " ORDER BY c.placed_at DESC, c.order_id DESC, f.currency"
        );
        let (page, _) = sql(
            "platform=web&customer=c%27&last_order_from=2026-01-01&limit=2",
            None,
        );
        assert_eq!(
            page,
            format!(
                "{WALK} AND platform = 'web' AND customer_id = $1 AND placed_at >= $2 \
                 [last]{newest} LIMIT $3"
            )
        );
    }

    #[test]
    fn a_page_begins_where_its_cursor_says_in_either_direction() {
        let after = Keyset::at(datetime!(2026-01-01 0:00 UTC), Uuid::nil());
        let (page, _) = sql("", Some(after));
        assert!(page.contains(" AND (placed_at, order_id) < ($1, $2) [last] ORDER BY placed_at DESC, order_id DESC LIMIT"));
        let (page, order) = sql("sort=last_order_at", Some(after));
        assert!(page.contains(" AND (placed_at, order_id) > ($1, $2) [last] ORDER BY placed_at ASC, order_id ASC LIMIT"));
        assert_eq!(
            order,
            " ORDER BY c.placed_at ASC, c.order_id ASC, f.currency"
        );
    }

    #[test]
    fn a_search_finds_orders_first_and_then_those_that_are_the_last() {
        let order = " ORDER BY placed_at DESC, order_id DESC";
        let (page, _) = sql("email=Ada@example.com&q=ada%20love&platform=web", None);
        assert_eq!(
            page,
            format!(
                "WITH found AS MATERIALIZED (SELECT order_id, subject, placed_at, platform, \
                 customer_id FROM order_customers c WHERE subject IS NOT NULL AND placed_at IS \
                 NOT NULL AND emails @> $1 AND email = $2 AND words @@ $3::tsquery{order}), page AS \
                 (SELECT order_id FROM found c WHERE true AND platform = 'web' [last]{order} \
                 LIMIT 51"
            )
        );
    }

    #[test]
    fn a_cursor_of_no_time_is_an_error() {
        let request = TestRequest::with_uri("/").to_http_request();
        let query = Query::of(&request, PARAMETERS).expect("known");
        let list = ListRequest::first_page(&request, &query).expect("valid");
        let id = Uuid::nil();
        let after = Some(Keyset {
            value: i64::MIN,
            id,
        });
        assert!(statement("", &ListRequest { after, ..list }).is_err());
    }
}
