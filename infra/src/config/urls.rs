//! A list of URLs: a list in the file, separated by commas in the environment.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{SeqAccess, Visitor},
};
use std::{fmt, ops::Deref};

/// URLs in the order in which they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Urls(Vec<String>);

impl Deref for Urls {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl<S: Into<String>> FromIterator<S> for Urls {
    fn from_iter<I: IntoIterator<Item = S>>(urls: I) -> Self {
        Self(urls.into_iter().map(Into::into).collect())
    }
}

impl<'de> Deserialize<'de> for Urls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListOrText)
    }
}

struct ListOrText;

impl<'de> Visitor<'de> for ListOrText {
    type Value = Urls;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts, or one of them separated by commas")
    }

    fn visit_str<E>(self, text: &str) -> Result<Urls, E> {
        let urls = text.split(',').map(str::trim);
        Ok(urls.filter(|url| !url.is_empty()).collect())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Urls, A::Error> {
        let mut urls = Vec::new();
        while let Some(url) = list.next_element::<String>()? {
            urls.push(url);
        }
        Ok(Urls(urls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use figment::value::Value;

    /// As the environment is read.
    fn read(text: &str) -> Urls {
        let value: Value = text.parse().expect("infallible");
        value.deserialize().expect("URLs")
    }

    #[test]
    fn urls_are_a_list_or_separated_by_commas() {
        let two: Urls = ["postgres://a@h:1/v", "postgres://b@h:2/v"]
            .into_iter()
            .collect();
        assert_eq!(read("postgres://a@h:1/v, postgres://b@h:2/v,"), two);
        assert_eq!(read(r#"["postgres://a@h:1/v", "postgres://b@h:2/v"]"#), two);
        assert!(read("").is_empty());
    }
}
