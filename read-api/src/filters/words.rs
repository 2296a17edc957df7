//! `q` of a list whose rows have the words beside them that they are searched by.
//! Each word of it has to be one of them; the last one may be the beginning of one,
//! as somebody may still be writing.

use super::text::{PARAMETER, asked};
use infra::http::{Problem, Query};
use sqlx::{Postgres, QueryBuilder};
use std::collections::BTreeSet;

/// Words, as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Those before the last one, sorted, each once.
    whole: BTreeSet<String>,
    /// The last one.
    begun: String,
}

impl Words {
    /// The parameter `q`.
    ///
    /// # Errors
    /// 400 for what is too long, or has no word.
    pub fn of(query: &Query) -> Result<Option<Self>, Problem> {
        let mut words = asked(query)?.unwrap_or_default();
        let begun = words.pop();
        Ok(begun.map(|begun| Self {
            whole: words.into_iter().collect(),
            begun,
        }))
    }

    /// One line of text: the same for the same words.
    pub fn canonical(&self) -> String {
        format!("{PARAMETER}={}\n", self.terms())
    }

    /// Adds the condition, about rows with a column `words`.
    pub fn push_matches(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        sql.push("words @@ ").push_bind(self.terms());
        sql.push("::tsquery");
    }

    /// As full-text queries are written. Words are letters and digits.
    fn terms(&self) -> String {
        let whole = self.whole.iter().map(|word| format!("'{word}'"));
        let terms = whole.chain([format!("'{}':*", self.begun)]);
        terms.collect::<Vec<_>>().join(" & ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn words(q: &str) -> Result<Option<Words>, String> {
        let request = TestRequest::with_uri(&format!("/?{q}")).to_http_request();
        let query = Query::of(&request, &[PARAMETER]).map_err(|p| p.to_string())?;
        Words::of(&query).map_err(|p| p.to_string())
    }

    #[test]
    fn only_the_last_word_may_be_a_beginning() {
        let terms = |q| words(q).expect("valid").expect("some").terms();
        assert_eq!(terms("q=Love"), "'love':*");
        assert_eq!(
            terms("q=Lovelace%20%C3%84da%20Lovelace%20ad%27%20"),
            "'ada' & 'lovelace' & 'ad':*"
        );
        assert_eq!(terms("q=ada@example.com"), "'ada' & 'example' & 'com':*");
        assert_eq!(words(""), Ok(None));
    }

    #[test]
    fn it_is_the_same_question_in_which_order_the_whole_words_come() {
        let canonical = |q| words(q).expect("valid").expect("some").canonical();
        assert_eq!(canonical("q=a+b+c"), canonical("q=B+a+%C3%A7"));
        assert_ne!(canonical("q=a+b+c"), canonical("q=a+c+b"));
    }

    #[test]
    fn nothing_but_words_is_refused() {
        for q in ["q=", "q=%25%27", "q=a%00"] {
            assert!(words(q).is_err(), "{q}");
        }
    }
}
