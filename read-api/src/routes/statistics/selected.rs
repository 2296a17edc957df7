//! Which orders figures are of, and where the figures come from: from sums that
//! are kept, as far as those know what is asked for, else from the orders that
//! are chosen, one by one. Both come to the same.

use crate::{
    filters::{Allowed, Filters},
    routes::orders::list::Chosen,
};
use infra::http::{Problem, Query};
use sqlx::{PgPool, Postgres, QueryBuilder};

/// Orders, as asked for.
#[derive(Debug, Clone)]
pub struct Selected {
    /// By what the sums are kept by.
    known: Filters,
    /// By what only the orders know.
    orders: Chosen,
}

/// Rows to be summed, of the same columns wherever they come from.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// From the sums: where they are.
    pub kept: &'static str,
    /// From `orders`, placed ones, which have their `hour` and `day` beside
    /// their columns: a row for what each of them counts for.
    pub counted: &'static str,
}

impl Selected {
    /// Reads the filters of a query; the sums are kept by those that are
    /// `known`.
    pub fn of(query: &Query, known: &Allowed) -> Result<Self, Problem> {
        Ok(Self {
            known: Filters::of(query, known)?,
            orders: Chosen::of_but(query, known.choices)?,
        })
    }

    /// The same text for the same orders.
    pub fn canonical(&self) -> String {
        format!("{}\n{}", self.known.canonical(), self.orders.canonical())
    }

    /// Whether it asks for nothing that the sums are not kept by.
    pub const fn is_known(&self) -> bool {
        self.orders.is_everything()
    }

    /// Whether it asks for this parameter, by which sums are kept.
    pub fn knows(&self, parameter: &str) -> bool {
        self.known.has(parameter)
    }

    /// Whether the database may keep the plan of such a statement for others.
    pub const fn is_planned_once(&self) -> bool {
        self.orders.is_planned_once()
    }

    /// Finds out what the words of `q` may be mistyped for.
    pub async fn resolve(&mut self, views: &PgPool) -> Result<(), sqlx::Error> {
        self.orders.resolve(views).await
    }

    /// Begins a statement with rows to be summed, `counted`, from what is kept.
    pub fn kept(source: Source) -> QueryBuilder<'static, Postgres> {
        let mut sql = QueryBuilder::new("WITH counted AS (SELECT * FROM ");
        sql.push(source.kept).push(")");
        sql
    }

    /// The same, from the orders, whose days are those of `zone`; `within` may
    /// narrow down which of them have to be looked at.
    pub fn counted(
        &self,
        source: Source,
        zone: &str,
        within: impl FnOnce(&mut QueryBuilder<'static, Postgres>),
    ) -> QueryBuilder<'static, Postgres> {
        // An hour counts as a whole, in the day in which it begins.
        let mut sql = QueryBuilder::new(
            "WITH orders AS (SELECT *, date_trunc('hour', placed_at, 'UTC') AS hour, \
                 (date_trunc('hour', placed_at, 'UTC') AT TIME ZONE ",
        );
        sql.push_bind(zone.to_owned());
        sql.push(")::date AS day FROM orders WHERE placed");
        self.orders.push_but("", &mut sql);
        within(&mut sql);
        sql.push("), counted AS (").push(source.counted).push(")");
        sql
    }

    /// Adds ` AND …` for what the sums are kept by, about `counted`.
    pub fn push(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        self.known.push(sql);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::{CURRENCY, CUSTOMER};
    use actix_web::test::TestRequest;

    const KNOWN: Allowed = Allowed {
        choices: &[CUSTOMER, CURRENCY],
        ..Allowed::NOTHING
    };
    const SOURCE: Source = Source {
        kept: "sums",
        counted: "SELECT 1 AS orders FROM orders",
    };

    fn selected(text: &str) -> Selected {
        let request = TestRequest::with_uri(&format!("/?{text}")).to_http_request();
        let query = Query::of(&request, &["customer", "tag", "q"]).expect("known");
        Selected::of(&query, &KNOWN).expect("valid")
    }

    #[test]
    fn what_the_sums_are_kept_by_is_asked_of_the_rows_wherever_they_come_from() {
        for (text, is_known) in [
            ("customer=c", true),
            ("customer=c&tag=gift", false),
            ("customer=c&q=lamp", false),
        ] {
            let selected = selected(text);
            assert_eq!(selected.is_known(), is_known, "{text}");
            let mut sql = QueryBuilder::new("");
            selected.push(&mut sql);
            assert_eq!(sql.into_sql(), " AND customer_id = $1", "{text}");
        }
    }

    #[test]
    fn only_the_rest_chooses_orders() {
        let counted = selected("customer=c&tag=gift").counted(SOURCE, "UTC", |_| ());
        let counted = counted.into_sql();
        let chosen = "FROM orders WHERE placed AND tags <> '{}' AND tags && $2), \
             counted AS (SELECT 1 AS orders FROM orders)";
        assert!(counted.ends_with(chosen), "{counted}");
        let kept = Selected::kept(SOURCE).into_sql();
        assert_eq!(kept, "WITH counted AS (SELECT * FROM sums)");
    }
}
