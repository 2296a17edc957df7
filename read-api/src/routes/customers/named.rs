//! `{id}`: whom a path names. Either the id that a customer is told under, or the
//! channel's own, which several channels may have; then `platform` says whose it is.

use crate::{
    problems::{customer_ambiguous, customer_not_found},
    routes::customers::told::{self, COLUMNS, MORE_COLUMNS, OneCustomer},
};
use contracts::ids::subject_of_customer;
use infra::http::{Problem, Query};
use sqlx::{Error, PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

/// Name of the parameter.
const PLATFORM: &str = "platform";

/// A name of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    id: String,
    platform: Option<String>,
}

/// Somebody of that name.
#[derive(Debug)]
pub struct Candidate<T> {
    /// Those of the lowest are meant.
    rank: i64,
    platform: String,
    /// What was read of them.
    told: T,
}

impl Named {
    /// By the id in a path, and the parameter `platform`.
    ///
    /// # Errors
    /// 404 for what nobody is called by: Postgres takes no text with a zero byte.
    pub fn of(id: &str, query: &Query) -> Result<Self, Problem> {
        let platform = query.text(PLATFORM)?;
        if id.contains('\0') {
            return Err(customer_not_found());
        }
        let id = id.to_owned();
        Ok(Self { id, platform })
    }

    /// The ids that customers of this name are told under, as far as they follow from
    /// it: those that it may be come first.
    fn subjects(&self) -> [Option<Uuid>; 2] {
        let own = self.platform.as_deref();
        let own = own.map(|platform| subject_of_customer(platform, &self.id));
        [Uuid::try_parse(&self.id).ok(), own]
    }

    /// Everything that is told of one customer, in one statement.
    pub async fn read(&self, views: &PgPool) -> Result<Vec<Candidate<OneCustomer>>, Error> {
        let mut sql = self.statement(&format!("{COLUMNS}, {MORE_COLUMNS}"), &told::joined());
        sql.push(", f.currency");
        let rows = sql.build().fetch_all(views).await?;
        let candidates = told::each(&rows).filter_map(|rows| {
            let row = rows.first()?;
            Some(OneCustomer::of(rows).and_then(|told| candidate(row, told)))
        });
        candidates.collect()
    }

    /// Only what chooses a customer's orders: the platform, and the id there.
    pub async fn whose(&self, views: &PgPool) -> Result<Vec<Candidate<(String, String)>>, Error> {
        let join = "FROM page p JOIN order_customers c ON c.order_id = p.order_id";
        let mut sql = self.statement("c.platform, c.customer_id", join);
        let rows = sql.build().fetch_all(views).await?;
        let candidates = rows.iter().map(|row| {
            let whose = (row.try_get("platform")?, row.try_get("customer_id")?);
            candidate(row, whose)
        });
        candidates.collect()
    }

    /// `page`: the last orders of those of this name, and what is read of them. A
    /// customer of many orders is found by one step in an index, and whoever has the
    /// channel's own id by the rows that have it.
    fn statement(&self, columns: &str, join: &str) -> QueryBuilder<'static, Postgres> {
        let mut sql = QueryBuilder::new("WITH named AS (SELECT subject, rank FROM unnest(");
        sql.push_bind(self.subjects().to_vec());
        sql.push("::uuid[]) WITH ORDINALITY AS n (subject, rank)");
        if self.platform.is_none() {
            sql.push(
                " UNION ALL SELECT DISTINCT subject, 3 FROM order_customers \
                   WHERE subject IS NOT NULL AND placed_at IS NOT NULL AND customer_id = ",
            );
            sql.push_bind(self.id.clone());
        }
        sql.push(
            "), page AS (SELECT n.rank, l.order_id FROM named n CROSS JOIN LATERAL ( \
               SELECT order_id, platform FROM order_customers \
                WHERE subject = n.subject AND placed_at IS NOT NULL \
                ORDER BY placed_at DESC, order_id DESC LIMIT 1) l",
        );
        if let Some(platform) = &self.platform {
            sql.push(" WHERE l.platform = ").push_bind(platform.clone());
        }
        sql.push(format!(
            ") SELECT p.rank, {columns} {join} ORDER BY p.rank, c.platform, c.order_id"
        ));
        sql
    }
}

fn candidate<T>(row: &PgRow, told: T) -> Result<Candidate<T>, Error> {
    Ok(Candidate {
        rank: row.try_get("rank")?,
        platform: row.try_get("platform")?,
        told,
    })
}

/// Who of them is meant.
///
/// # Errors
/// 404 for nobody, 409 where it may be several.
pub fn meant<T>(candidates: Vec<Candidate<T>>) -> Result<T, Problem> {
    let rank = candidates.iter().map(|candidate| candidate.rank).min();
    let meant = candidates.into_iter().filter(|c| Some(c.rank) == rank);
    let mut meant: Vec<_> = meant.collect();
    if meant.len() > 1 {
        let platforms = meant.iter().map(|candidate| candidate.platform.as_str());
        return Err(customer_ambiguous(&platforms.collect::<Vec<_>>()));
    }
    let one = meant.pop().ok_or_else(customer_not_found)?;
    Ok(one.told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    const SUBJECT: &str = "1f6666e4-d6b4-5428-84a7-b282304f7730";

    fn named(id: &str, query: &str) -> Result<Named, String> {
        let request = TestRequest::with_uri(&format!("/?{query}")).to_http_request();
        let query = Query::of(&request, &[PLATFORM]).map_err(|p| p.to_string())?;
        Named::of(id, &query).map_err(|p| p.code().to_owned())
    }

    fn sql(id: &str, query: &str) -> String {
        let named = named(id, query).expect("a name");
        named.statement("c.platform", "FROM page p").into_sql()
    }

    fn candidates(of: &[(i64, &'static str)]) -> Vec<Candidate<&'static str>> {
        let candidate = |(rank, platform): &(i64, &'static str)| Candidate {
            rank: *rank,
            platform: (*platform).to_owned(),
            told: *platform,
        };
        of.iter().map(candidate).collect()
    }

    #[test]
    fn a_name_is_an_id_of_ours_before_it_is_one_of_a_channel() {
        let subject = Uuid::try_parse(SUBJECT).ok();
        let subjects = |id, query| named(id, query).expect("a name").subjects();
        assert_eq!(subjects("c-42", "platform=web"), [None, subject]);
        assert_eq!(subjects(SUBJECT, ""), [subject, None]);
        let [first, own] = subjects(SUBJECT, "platform=web");
        assert!(first == subject && own.is_some() && own != subject);
        assert_eq!(subjects("c-42", ""), [None, None]);
    }

    #[test]
    fn nobody_is_called_what_no_text_can_be() {
        assert_eq!(named("a\0", ""), Err("customer_not_found".to_owned()));
        assert!(named("a", "platform=%00").is_err());
        assert!(named("a", "platform=").is_err());
    }

    #[test]
    fn only_without_a_platform_all_of_them_are_looked_through() {
        let last = ") SELECT p.rank, c.platform FROM page p \
                    ORDER BY p.rank, c.platform, c.order_id";
        let anywhere = sql("c-42", "");
        assert!(
            anywhere.contains("customer_id = $2), page AS"),
            "{anywhere}"
        );
        assert!(
            anywhere.ends_with(&format!("LIMIT 1) l{last}")),
            "{anywhere}"
        );
        let here = sql("c-42", "platform=web");
        assert!(!here.contains("customer_id"), "{here}");
        assert!(
            here.ends_with(&format!("l WHERE l.platform = $2{last}")),
            "{here}"
        );
    }

    #[test]
    fn who_is_meant_is_clear_or_told_to_be_unclear() {
        let meant = |of: &[(i64, &'static str)]| meant(candidates(of)).map_err(|p| p.code());
        assert_eq!(meant(&[]), Err("customer_not_found"));
        assert_eq!(meant(&[(3, "web")]), Ok("web"));
        assert_eq!(meant(&[(3, "shop"), (1, "web"), (3, "till")]), Ok("web"));
        assert_eq!(meant(&[(3, "shop"), (3, "web")]), Err("customer_ambiguous"));
    }

    #[test]
    fn the_channels_that_have_the_id_are_named() {
        let problem = meant(candidates(&[(3, "shop"), (3, "web")])).expect_err("two");
        let document = problem.document(None, None);
        assert_eq!(
            document.extensions["platforms"],
            serde_json::json!(["shop", "web"])
        );
    }
}
