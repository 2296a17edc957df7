//! One form that leads to a command on an order, with what was typed in it where that was
//! refused.

use super::offered::Forms;
use crate::{Fields, pages::orders::one::path};
use contracts::order::Order;
use maud::{Markup, html};

/// What somebody has sent, and was refused.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    /// What was to be done.
    pub action: &'a str,
    /// With what.
    pub fields: &'a Fields,
}

/// A form of an action.
pub struct Form<'a> {
    forms: &'a Forms<'a>,
    action: &'a str,
    /// The field that names the part it is about, and the part.
    part: Option<(&'a str, &'a str)>,
    typed: Option<&'a Fields>,
}

impl<'a> Form<'a> {
    /// That of an action, about a part of the order or all of it.
    pub fn new(forms: &'a Forms<'a>, action: &'a str, part: Option<(&'a str, &'a str)>) -> Self {
        let is_this = |typed: &Typed<'_>| {
            let same_part = part.is_none_or(|(name, id)| typed.fields.one(name) == Some(id));
            typed.action == action && same_part
        };
        let typed = forms.typed.filter(is_this);
        Self {
            forms,
            action,
            part,
            typed: typed.map(|typed| typed.fields),
        }
    }

    /// The order that it is about.
    pub fn order(&self) -> &'a Order {
        self.forms.order
    }

    /// What a field holds: what was typed, else this.
    pub fn value(&self, name: &str, otherwise: &str) -> String {
        let typed = self
            .typed
            .map(|fields| fields.one(name).unwrap_or_default());
        typed.unwrap_or(otherwise).to_owned()
    }

    /// A field for one line of text.
    pub fn text(&self, name: &str, title: &str, required: bool) -> Markup {
        html! {
            label {
                (title)
                input type="text" name=(name) maxlength="2000" required[required]
                    value=(self.value(name, ""));
            }
        }
    }

    /// It in a box that is opened by its title, and is open where it was refused.
    pub fn boxed(&self, title: &str, fields: &Markup) -> Markup {
        html! {
            details.action open[self.typed.is_some()] {
                summary { (title) }
                (self.with(fields, "stack"))
            }
        }
    }

    /// It as a button.
    pub fn button(&self, title: &str) -> Markup {
        self.with(&html! { button type="submit" { (title) } }, "row")
    }

    fn with(&self, fields: &Markup, class: &str) -> Markup {
        let order = self.order();
        let to = path(order.id, &format!("/actions/{}", self.action));
        let all = html! {
            input type="hidden" name="version" value=(order.version.to_string());
            input type="hidden" name="currency" value=(order.currency);
            @if let Some((name, id)) = self.part { input type="hidden" name=(name) value=(id); }
            (fields)
        };
        self.forms.visit.form(&to, class, &all)
    }
}

/// The button of a form.
pub fn send(title: &str) -> Markup {
    html! { button.primary type="submit" { (title) } }
}
