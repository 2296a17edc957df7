//! What people say of a key, in a form.

use crate::{
    Failure, Fields, Visit,
    pages::integrations::fields::{input, moment_of, needed, text},
};
use infra::api_keys::{Scope, Scopes};
use maud::{Markup, html};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A key as it is wanted: the body of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Draft {
    name: String,
    /// None: what the viewer's own key is for.
    scopes: Option<Vec<String>>,
    platform: Option<String>,
    /// RFC 3339.
    expires_at: Option<String>,
}

impl Draft {
    /// As it was filled in. Whoever wants all that their own key is for says so: a form
    /// without a choice is none.
    ///
    /// # Errors
    /// 400 where something is missing or no date.
    pub fn filled_in(fields: &Fields) -> Result<Self, Failure> {
        let scopes: Vec<String> = fields.all("scope").map(str::to_owned).collect();
        let scopes = match fields.one("which") {
            Some("all") => None,
            _ if scopes.is_empty() => {
                return Err(Failure::Form(
                    "One scope at least has to be chosen".to_owned(),
                ));
            }
            _ => Some(scopes),
        };
        let expires_at = fields.one("expires_at").map(|text| {
            let end: OffsetDateTime = moment_of(text, "The end")?;
            let told = end.format(&Rfc3339);
            told.map_err(|_| Failure::Form("The end is no time that can be told".to_owned()))
        });
        Ok(Self {
            name: fields.required("name", "The name")?.to_owned(),
            scopes,
            platform: fields.one("platform").map(str::to_owned),
            expires_at: expires_at.transpose()?,
        })
    }

    /// The fields that it is filled in by. Scopes are those that the viewer's own key
    /// has: none can give more.
    pub fn fields(&self, visit: &Visit) -> Markup {
        let own = &visit.session.principal;
        let known: Vec<&Scope> = Scopes::KNOWN
            .iter()
            .filter(|scope| own.scopes.has(scope.name))
            .collect();
        let is_chosen = |name: &str| self.scopes.iter().flatten().any(|scope| scope == name);
        let ends = self.expires_at.as_deref().and_then(|end| end.get(..16));
        html! {
            (needed("Name", "name", Some(&self.name).filter(|name| !name.is_empty()).map(String::as_str), "Who or what it is for."))
            fieldset.field {
                legend { "What it is for" }
                label.inline {
                    input type="radio" name="which" value="some" checked;
                    "These scopes"
                }
                label.inline {
                    input type="radio" name="which" value="all";
                    "Everything that your own key is for"
                }
                div.choices {
                    @for scope in known {
                        label.check title=(scope.meaning) {
                            input type="checkbox" name="scope" value=(scope.name) checked[is_chosen(scope.name)];
                            span { code { (scope.name) } " " small.hint { (scope.meaning) } }
                        }
                    }
                }
            }
            div.grid {
                (text("Platform", "platform", self.platform.as_deref(), "Slug of the only sales channel that it has to do with; all, if empty."))
                (input("Ends (UTC)", "expires_at", ("datetime-local", ends), "Never, if empty, or with your own key.", false))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled_in(pairs: &[(&str, &str)]) -> Option<Draft> {
        Draft::filled_in(&Fields::filled_in(pairs)).ok()
    }

    #[test]
    fn a_key_for_everything_has_to_be_asked_for() {
        let name = ("name", "web shop");
        assert_eq!(filled_in(&[name, ("which", "some")]), None);
        let all = filled_in(&[name, ("which", "all"), ("scope", "admin")]).expect("a draft");
        assert_eq!(all.scopes, None);
        let some = filled_in(&[
            name,
            ("which", "some"),
            ("scope", "orders:read"),
            ("expires_at", "2027-12-31T00:00"),
        ]);
        let some = some.expect("a draft");
        assert_eq!(some.scopes, Some(vec!["orders:read".to_owned()]));
        assert_eq!(some.expires_at.as_deref(), Some("2027-12-31T00:00:00Z"));
        assert_eq!(filled_in(&[("which", "all")]), None);
        assert_eq!(
            filled_in(&[name, ("which", "all"), ("expires_at", "soon")]),
            None
        );
    }
}
