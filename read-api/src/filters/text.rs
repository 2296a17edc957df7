//! `q`: text that an order must have somewhere. Each of its words must begin a
//! word of the order, or be one with a mistake or two.

use infra::{
    http::{Problem, Query, query::invalid},
    views::words::{may_be_mistyped, words},
};
use sqlx::{PgPool, Postgres, QueryBuilder};
use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};
use strsim::osa_distance;

/// Name of the parameter.
pub const PARAMETER: &str = "q";
/// Most characters.
const LONGEST: usize = 200;
/// Most words.
const MOST_WORDS: usize = 10;
/// Most words that one is taken for, those that are most like it.
const MOST_LIKE: usize = 100;
/// From this length on two mistakes are forgiven, below it one.
const LONG: usize = 8;

/// A text, as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its words, sorted, each once.
    words: Vec<String>,
    /// Words that orders have and that one of these may be meant by.
    like: BTreeMap<String, BTreeSet<String>>,
}

impl Text {
    /// The parameter `q`.
    ///
    /// # Errors
    /// 400 for what is too long, or has no word.
    pub fn of(query: &Query) -> Result<Option<Self>, Problem> {
        let text = asked(query)?.map(|words| {
            let words: BTreeSet<_> = words.into_iter().collect();
            Self {
                words: words.into_iter().collect(),
                like: BTreeMap::new(),
            }
        });
        Ok(text)
    }

    /// One line of text: what is asked for, not what is found for it, so that
    /// cursors last.
    pub fn canonical(&self) -> String {
        format!("{PARAMETER}={}\n", self.words.join(" "))
    }

    /// Finds the words that those of the text may be mistyped for. It is asked
    /// anew for each page, and a word that an order has is like another one or
    /// is not, whatever else there is.
    pub async fn resolve(&mut self, views: &PgPool) -> Result<(), sqlx::Error> {
        let mistyped = self.words.iter().filter(|word| may_be_mistyped(word));
        let mistyped: Vec<_> = mistyped.cloned().collect();
        if mistyped.is_empty() {
            return Ok(());
        }
        let pairs: Vec<(String, String)> = sqlx::query_as(
            "SELECT DISTINCT asked.word, known.word FROM unnest($1::text[]) AS asked (word) \
               JOIN order_words known ON known.word % asked.word \
                AND length(known.word) BETWEEN length(asked.word) - 2 AND length(asked.word) + 2",
        )
        .bind(&mistyped)
        .fetch_all(views)
        .await?;
        for word in mistyped {
            let known = pairs.iter().filter(|(asked, _)| *asked == word);
            let known = known.map(|(_, known)| known.clone()).chain(swapped(&word));
            let like = nearest(&word, known);
            self.like.insert(word, like);
        }
        Ok(())
    }

    /// Adds ` AND …`, about orders. Both columns are named so that the planner
    /// expects little of the join, and reads what is found rather than walk
    /// through all orders for it.
    pub fn push(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        sql.push(" AND (id, created_at) IN (SELECT order_id, created_at FROM order_search WHERE ");
        self.push_matches(sql);
        sql.push(")");
    }

    /// Adds the condition, about rows of `order_search`.
    pub fn push_matches(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        sql.push("words @@ ").push_bind(self.terms());
        sql.push("::tsquery");
    }

    /// As full-text queries are written. Words are letters and digits.
    fn terms(&self) -> String {
        let word = |word: &String| {
            let like = self.like.get(word).into_iter().flatten();
            let like = like.map(|like| format!("'{like}'"));
            let any: Vec<_> = iter::once(format!("'{word}':*")).chain(like).collect();
            format!("({})", any.join(" | "))
        };
        let words: Vec<_> = self.words.iter().map(word).collect();
        words.join(" & ")
    }
}

/// The words of the parameter `q`, as they are written; none where it is absent.
///
/// # Errors
/// 400 for what is too long, or has no word.
pub(super) fn asked(query: &Query) -> Result<Option<Vec<String>>, Problem> {
    let Some(text) = query.one(PARAMETER)? else {
        return Ok(None);
    };
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        let detail = format!("must be at most {LONGEST} characters without control characters");
        return Err(invalid(PARAMETER, detail));
    }
    let words: Vec<_> = words(text).collect();
    let different: BTreeSet<_> = words.iter().collect();
    if !(1..=MOST_WORDS).contains(&different.len()) {
        let detail = format!("must have 1 to {MOST_WORDS} words of letters and digits");
        return Err(invalid(PARAMETER, detail));
    }
    Ok(Some(words))
}

/// The word with two neighbours in each other's place: in a short one hardly a
/// trigram is left by that.
fn swapped(word: &str) -> impl Iterator<Item = String> {
    let letters: Vec<char> = word.chars().collect();
    (1..letters.len()).map(move |second| {
        let mut letters = letters.clone();
        letters.swap(second - 1, second);
        letters.into_iter().collect()
    })
}

/// Those words that are so like this one that it may be meant for them.
fn nearest(word: &str, known: impl Iterator<Item = String>) -> BTreeSet<String> {
    let long = word.chars().count() >= LONG;
    let forgiven = if long { 2 } else { 1 };
    let near = known.filter_map(|known| {
        let mistakes = osa_distance(word, &known);
        (1..=forgiven)
            .contains(&mistakes)
            .then_some((mistakes, known))
    });
    let near: BTreeSet<_> = near.collect();
    near.into_iter()
        .map(|(_, known)| known)
        .take(MOST_LIKE)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn text(q: &str) -> Result<Option<Text>, String> {
        let request = TestRequest::with_uri(&format!("/?q={q}")).to_http_request();
        let query = Query::of(&request, &[PARAMETER]).map_err(|p| p.to_string())?;
        Text::of(&query).map_err(|p| p.to_string())
    }

    #[test]
    fn a_text_is_its_words_however_they_are_written() {
        let terms = |q| text(q).expect("valid").expect("some").terms();
        assert_eq!(terms("Lamp%20%C3%A4b"), "('ab':*) & ('lamp':*)");
        assert_eq!(terms("lamp"), terms("%25LAMP%27)|*:;--"));
        assert_eq!(
            text("b+a").map(|t| t.map(|t| t.canonical())),
            Ok(Some("q=a b\n".into()))
        );
    }

    #[test]
    fn too_much_and_nothing_are_refused() {
        let long = "x".repeat(LONGEST + 1);
        let many = "a+b+c+d+e+f+g+h+i+j+k";
        for (q, reason) in [
            (long.as_str(), "at most 200 characters"),
            ("a%00", "control characters"),
            (many, "1 to 10 words"),
            ("%25_%27", "1 to 10 words"),
            ("", "may not be empty"),
        ] {
            let error = text(q).expect_err(q);
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_word_may_be_meant_for_those_that_are_like_it() {
        let near = |word: &str, known: &[&str]| {
            let known = known.iter().map(|known| (*known).to_owned());
            nearest(word, known.chain(swapped(word))).len()
        };
        assert_eq!(near("smith", &["smth", "smyth", "smiths"]), 3 + 4);
        assert_eq!(near("smith", &["smith", "smooth", "smte"]), 4);
        assert_eq!(near("lovelace", &["lovlac", "lovelaces", "love"]), 2 + 7);
        assert!(swapped("smtih").any(|word| word == "smith"));
    }
}
