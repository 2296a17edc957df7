//! What people say of an endpoint, in a form.

use super::told::Endpoint;
use crate::{
    Failure, Fields,
    pages::integrations::fields::{check, input, needed, text},
};
use contracts::order::OrderEvent;
use maud::{Markup, html};
use serde::Serialize;

/// Requests at once, unless something else is asked for.
const CONCURRENCY: i64 = 8;
/// All types of events, those of later releases among them.
const ALL: &str = "*";

/// An endpoint as it is wanted: the body of both its requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Draft {
    /// Where to.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Types of events.
    pub event_types: Vec<String>,
    /// Only events of orders of this platform.
    pub platform: Option<String>,
    /// Whether an order's events are told one after the other.
    pub ordered: bool,
    /// Whether the history of imported orders is told as well.
    pub imported: bool,
    /// Requests at once.
    pub concurrency: i64,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            url: String::new(),
            description: None,
            event_types: vec![ALL.to_owned()],
            platform: None,
            ordered: false,
            imported: false,
            concurrency: CONCURRENCY,
        }
    }
}

impl Draft {
    /// What an endpoint is at present.
    pub fn of(endpoint: &Endpoint) -> Self {
        Self {
            url: endpoint.url.clone(),
            description: endpoint.description.clone(),
            event_types: endpoint.event_types.clone(),
            platform: endpoint.platform.clone(),
            ordered: endpoint.ordered,
            imported: endpoint.imported,
            concurrency: endpoint.concurrency,
        }
    }

    /// As it was filled in.
    ///
    /// # Errors
    /// 400 where something is missing or no number.
    pub fn filled_in(fields: &Fields) -> Result<Self, Failure> {
        let event_types: Vec<String> = match fields.one("which") {
            Some("some") => fields.all("event_type").map(str::to_owned).collect(),
            _ => vec![ALL.to_owned()],
        };
        if event_types.is_empty() {
            return Err(Failure::Form(
                "One type of events at least has to be chosen".to_owned(),
            ));
        }
        let concurrency = fields.number("concurrency", "The number of requests at once")?;
        Ok(Self {
            url: fields.required("url", "The URL")?.to_owned(),
            description: fields.one("description").map(str::to_owned),
            event_types,
            platform: fields.one("platform").map(str::to_owned),
            ordered: fields.one("ordered").is_some(),
            imported: fields.one("imported").is_some(),
            concurrency: concurrency.unwrap_or(CONCURRENCY),
        })
    }

    /// The fields that it is filled in by.
    pub fn fields(&self) -> Markup {
        let is_all = self.event_types.iter().any(|name| name == ALL);
        let is_chosen = |name: &str| self.event_types.iter().any(|own| own == name);
        let families = self.event_types.iter().filter(|name| {
            let known = OrderEvent::TYPES.contains(&name.as_str());
            !known && name.as_str() != ALL
        });
        let concurrency = self.concurrency.to_string();
        html! {
            (needed("URL", "url", Some(&self.url), "https://… Requests are POSTs of JSON, signed by Standard Webhooks."))
            (text("Description", "description", self.description.as_deref(), ""))
            (text("Platform", "platform", self.platform.as_deref(), "Slug of a sales channel; of all, if empty."))
            fieldset.field {
                legend { "Events" }
                label.inline {
                    input type="radio" name="which" value="all" checked[is_all];
                    "All, also those of later releases"
                }
                label.inline {
                    input type="radio" name="which" value="some" checked[!is_all];
                    "These"
                }
                details open[!is_all] {
                    summary { "Types of events" }
                    div.choices {
                        @for name in families {
                            (check(name, "event_type", name, true))
                        }
                        @for name in OrderEvent::TYPES {
                            (check(name, "event_type", name, !is_all && is_chosen(name)))
                        }
                    }
                }
            }
            fieldset.field {
                legend { "How" }
                (check("An order's events one after the other", "ordered", "yes", self.ordered))
                (check("The history of imported orders as well", "imported", "yes", self.imported))
                (input("Requests at once", "concurrency", ("number", Some(&concurrency)), "1 to 64", false))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::integrations::webhooks::told::tests::endpoint;
    use serde_json::json;

    fn filled_in(pairs: &[(&str, &str)]) -> Result<Draft, Failure> {
        Draft::filled_in(&Fields::filled_in(pairs))
    }

    #[test]
    fn types_count_only_where_some_are_asked_for() {
        let url = ("url", "https://erp.example");
        let all = filled_in(&[url, ("which", "all"), ("event_type", "order.placed")]);
        assert_eq!(all.expect("a draft").event_types, ["*"]);
        let some = [
            url,
            ("which", "some"),
            ("event_type", "order.placed"),
            ("event_type", "order.held"),
        ];
        let some = filled_in(&some).expect("a draft");
        assert_eq!(some.event_types, ["order.placed", "order.held"]);
        assert!(filled_in(&[url, ("which", "some")]).is_err());
        assert!(filled_in(&[("which", "all")]).is_err());
    }

    #[test]
    fn a_form_shows_what_the_endpoint_is() {
        let family =
            endpoint(&json!({"event_types": ["order.*", "order.placed"], "ordered": true}));
        let form = Draft::of(&family).fields().into_string();
        for shown in [
            "value=\"some\" checked",
            "value=\"order.*\" checked",
            "value=\"order.placed\" checked",
            "name=\"ordered\" value=\"yes\" checked",
        ] {
            assert!(form.contains(shown), "{shown}: {form}");
        }
        assert!(
            !form.contains("value=\"order.cancelled\" checked"),
            "{form}"
        );
        let fresh = Draft::default().fields().into_string();
        assert!(fresh.contains("value=\"all\" checked"), "{fresh}");
    }
}
