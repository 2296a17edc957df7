//! Lines of `POST /v1/bulk`.

use super::SeedError;
use crate::bulk::BulkLine;
use serde::Serialize;

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which one.
    pub op: &'static str,
    key: String,
    /// JSON and its break.
    text: Vec<u8>,
}

/// What a command is about, as a line says it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct About<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fulfillment: Option<&'a str>,
    #[serde(rename = "return", skip_serializing_if = "Option::is_none")]
    returned: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sku: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
}

/// An order by what its channel calls it.
#[derive(Debug, Clone, Copy, Serialize)]
struct Named<'a> {
    platform: &'a str,
    external_id: &'a str,
}

macro_rules! about {
    ($($(#[$doc:meta])* $name:ident => $member:ident),+ $(,)?) => {
        $($(#[$doc])*
        pub fn $name(name: &'a str) -> Self {
            Self { $member: Some(name), ..About::NOTHING_MORE }
        })+
    };
}

impl About<'static> {
    /// The order as a whole, or nothing that has a name yet.
    pub const NOTHING_MORE: Self = Self {
        order: None,
        line: None,
        payment: None,
        fulfillment: None,
        returned: None,
        tag: None,
        platform: None,
        sku: None,
        zone: None,
        method: None,
    };
}

impl<'a> About<'a> {
    about! {
        /// A platform.
        platform => platform,
        /// A product.
        product => sku,
        /// A shipping zone.
        zone => zone,
        /// A shipping method.
        method => method,
        /// A line, of an order that is yet to be named.
        line => line,
        /// A payment, likewise.
        payment => payment,
        /// A fulfilment, likewise.
        fulfillment => fulfillment,
        /// A return, likewise.
        returned => returned,
        /// A label, likewise.
        tag => tag,
    }

    /// The same, of that order.
    #[must_use]
    pub const fn of(self, platform: &'a str, external_id: &'a str) -> Self {
        Self {
            order: Some(Named {
                platform,
                external_id,
            }),
            ..self
        }
    }
}

#[derive(Serialize)]
struct Text<'a, B> {
    op: &'a str,
    key: &'a str,
    #[serde(flatten)]
    about: &'a About<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a B>,
}

impl Line {
    /// The command `op` under that key.
    ///
    /// # Errors
    /// A body that has no JSON form.
    pub fn new<B: Serialize>(
        op: &'static str,
        key: String,
        about: &About<'_>,
        body: Option<&B>,
    ) -> Result<Self, SeedError> {
        let mut text = serde_json::to_vec(&Text {
            op,
            key: &key,
            about,
            body,
        })?;
        text.push(b'\n');
        Ok(Self { op, key, text })
    }

    /// JSON, without a break.
    pub fn text(&self) -> &[u8] {
        self.text.trim_ascii_end()
    }
}

impl BulkLine for Line {
    fn key(&self) -> &str {
        &self.key
    }

    fn write(&self, lines: &mut Vec<u8>) {
        lines.extend_from_slice(&self.text);
    }
}

/// Lines about one order, in their order. The first one makes it; where that is
/// refused, there is nothing to say the others of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// Makes what the others are about.
    pub first: Line,
    /// What becomes of it.
    pub then: Vec<Line>,
}

impl From<Line> for Story {
    /// A line that stands for itself.
    fn from(first: Line) -> Self {
        Self {
            first,
            then: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_line_says_what_it_is_about() {
        let about = About::payment("p1").of("web", "W-1");
        let body = json!({"amount": 5});
        let line = Line::new("capture_payment", "k".to_owned(), &about, Some(&body));
        let line = line.expect("a line");
        let mut text = Vec::new();
        line.write(&mut text);
        assert_eq!(text.last(), Some(&b'\n'));
        let read: Value = serde_json::from_slice(line.text()).expect("JSON");
        assert_eq!(
            read,
            json!({
                "op": "capture_payment", "key": "k", "payment": "p1", "body": {"amount": 5},
                "order": {"platform": "web", "external_id": "W-1"},
            })
        );
    }
}
