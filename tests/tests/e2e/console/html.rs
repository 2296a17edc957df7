//! As much of HTML as a test has to read: forms, their fields, links.

use anyhow::{Context as _, Result};
use std::collections::BTreeMap;

/// A form of a page.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it leads.
    pub action: String,
    /// What its inputs hold, by name.
    pub fields: BTreeMap<String, String>,
}

/// Every form of a page.
pub fn forms(page: &str) -> Vec<Form> {
    let parts = page.split("<form ").skip(1);
    parts
        .map(|part| {
            let (head, rest) = part.split_once('>').unwrap_or((part, ""));
            let (body, _) = rest.split_once("</form>").unwrap_or((rest, ""));
            let inputs = body.split("<input ").skip(1);
            let field = |input: &str| {
                let (tag, _) = input.split_once('>').unwrap_or((input, ""));
                let is_box = attribute(tag, "type").as_deref() == Some("checkbox");
                let name = attribute(tag, "name").filter(|_| !is_box)?;
                Some((name, attribute(tag, "value").unwrap_or_default()))
            };
            Form {
                action: attribute(head, "action").unwrap_or_default(),
                fields: inputs.filter_map(field).collect(),
            }
        })
        .collect()
}

/// The first form whose action ends so.
pub fn form(page: &str, action: &str) -> Result<Form> {
    let mut forms = forms(page).into_iter();
    let found = forms.find(|form| form.action.ends_with(action));
    found.with_context(|| format!("no form to {action} in {page}"))
}

/// Where the first link leads whose tag has this in it.
pub fn link(page: &str, mark: &str) -> Option<String> {
    let mut tags = page.split("<a ").skip(1);
    tags.find_map(|part| {
        let (tag, _) = part.split_once('>')?;
        tag.contains(mark).then(|| attribute(tag, "href")).flatten()
    })
}

/// An attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = format!(" {tag}");
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&amp;", "&"),
    ];
    Some(
        entities
            .into_iter()
            .fold(value.to_owned(), |text, (entity, letter)| {
                text.replace(entity, letter)
            }),
    )
}
