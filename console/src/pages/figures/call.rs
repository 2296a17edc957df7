//! One question to the statistics of the API, which the page shows as well.

use super::asked::{Asked, told};
use crate::{Failure, api::Client};
use serde::de::DeserializeOwned;

/// A path below `/v1/statistics`, and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    path: &'static [&'static str],
    pairs: Vec<(&'static str, String)>,
}

impl Call {
    /// Of these days, in their zone.
    pub fn of(path: &'static [&'static str], asked: &Asked) -> Self {
        let call = Self {
            path,
            pairs: vec![("from", told(asked.from)), ("to", told(asked.to()))],
        };
        // Without a zone the API has sums at hand.
        if asked.zone == "UTC" {
            return call;
        }
        call.with("time_zone", &asked.zone)
    }

    /// With a parameter more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.pairs.push((name, value.to_owned()));
        self
    }

    /// Asks it.
    ///
    /// # Errors
    /// Whatever the API says instead.
    pub async fn ask<T: DeserializeOwned>(&self, client: &Client) -> Result<T, Failure> {
        let path: Vec<&str> = ["statistics"]
            .into_iter()
            .chain(self.path.iter().copied())
            .collect();
        let pairs = self.pairs.iter();
        let pairs = pairs.map(|(name, value)| (*name, value.as_str()));
        client.get(&path).params(pairs).read().await
    }

    /// As a line for a shell: whoever has a key can ask the same.
    pub fn curl(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.pairs);
        format!(
            "curl -H \"Authorization: Bearer $ORDERLOG_API_KEY\" \
             \"$ORDERLOG_URL/v1/statistics/{}?{}\"",
            self.path.join("/"),
            query.finish()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::figures::asked::Written;
    use time::macros::date;

    #[test]
    fn the_line_for_a_shell_asks_the_same() {
        let asked = |zone| Asked::of(&Written::default(), zone, date!(2026 - 02 - 10));
        let call =
            Call::of(&["orders"], &asked("Europe/London")).with("group_by", "platform,country");
        assert_eq!(
            call.curl(),
            "curl -H \"Authorization: Bearer $ORDERLOG_API_KEY\" \
             \"$ORDERLOG_URL/v1/statistics/orders?from=2026-01-12&to=2026-02-11\
             &time_zone=Europe%2FLondon&group_by=platform%2Ccountry\""
        );
        assert!(
            !Call::of(&["funnel"], &asked("UTC"))
                .curl()
                .contains("time_zone")
        );
    }

    #[test]
    fn nothing_in_the_line_is_read_by_the_shell() {
        let asked = Asked::of(&Written::default(), "$(x)`'\"", date!(2026 - 02 - 10));
        let curl = Call::of(&["orders"], &asked).curl();
        assert!(curl.contains("time_zone=%24%28x%29%60%27%22"), "{curl}");
    }
}
