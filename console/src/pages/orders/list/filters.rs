//! The form above the list, and how many orders other choices would find.

use super::{
    columns::Column,
    wanted::{DAYS, FACETS, FLAGS, SORTS, TEXTS, Wanted},
};
use crate::{Failure, Visit, pages::orders::PAGE};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Values of one facet that are shown.
const MOST: usize = 8;

/// How many orders have each value, by facet.
#[derive(Deserialize)]
pub struct Counts {
    #[serde(default)]
    facets: BTreeMap<String, BTreeMap<String, i64>>,
}

impl Counts {
    /// Counts them: it reads the whole list.
    pub async fn of(visit: &Visit, wanted: &Wanted) -> Result<Self, Failure> {
        let names: Vec<&str> = FACETS.iter().map(|(name, _)| *name).collect();
        let asked = visit.api.get(&["orders"]).params(wanted.filters());
        let asked = asked.param("facets", names.join(",")).param("limit", 1);
        asked.param("fields", "id").read().await
    }

    /// The values of a facet, those of the most orders first.
    fn of_facet(&self, name: &str) -> Vec<(&str, i64)> {
        let values = self.facets.get(name).into_iter().flatten();
        let mut values: Vec<_> = values
            .map(|(value, count)| (value.as_str(), *count))
            .collect();
        values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        values.truncate(MOST);
        values
    }
}

/// Search, sort, filters and columns, sent by GET.
pub fn form(wanted: &Wanted) -> Markup {
    let mut more = TEXTS.iter().chain(&DAYS).chain(&FLAGS);
    let open = more.any(|(name, _)| !wanted.value(name).is_empty());
    html! {
        form.card method="get" action=(PAGE.path) {
            div.row {
                label for="q" { "Search" }
                input #q name="q" type="search" value=(wanted.search()) maxlength="200" data-search
                    placeholder="Number, name, email, address, SKU";
                select name="sort" aria-label="Sort" {
                    @for (value, title) in SORTS {
                        option value=(value) selected[wanted.value("sort") == value] { (title) }
                    }
                }
                button.primary type="submit" { "Search" }
                @if wanted.is_filtered() { a href=(PAGE.path) { "Clear" } }
            }
            @for (name, _) in FACETS {
                @for value in wanted.values(name) { input type="hidden" name=(name) value=(value); }
            }
            details open[open] {
                summary { "More filters" }
                div.filters {
                    @for (name, title) in TEXTS { (field(wanted, name, title, "text")) }
                    @for (name, title) in DAYS { (field(wanted, name, title, "date")) }
                    @for (name, title) in FLAGS { (yes_or_no(wanted, name, title)) }
                }
            }
            details {
                summary { "Columns" }
                div.row {
                    @for column in Column::ALL {
                        label.inline {
                            input type="checkbox" name="columns" value=(column.name())
                                checked[wanted.columns.contains(&column)];
                            (column.title())
                        }
                    }
                }
            }
        }
    }
}

fn field(wanted: &Wanted, name: &str, title: &str, kind: &str) -> Markup {
    html! {
        div {
            label for=(name) { (title) }
            input id=(name) name=(name) type=(kind) value=(wanted.value(name));
        }
    }
}

fn yes_or_no(wanted: &Wanted, name: &str, title: &str) -> Markup {
    html! {
        div {
            label for=(name) { (title) }
            select id=(name) name=(name) {
                @for (value, said) in [("", "–"), ("true", "Yes"), ("false", "No")] {
                    option value=(value) selected[wanted.value(name) == value] { (said) }
                }
            }
        }
    }
}

/// The facets. Without counts there is a link to them, and the module counts once the
/// box is opened: it reads the whole list.
pub fn facets(visit: &Visit, wanted: &Wanted, counts: Option<&Counts>) -> Markup {
    let later = counts
        .is_none()
        .then(|| wanted.url("/console/orders/facets"));
    html! {
        details.card open[counts.is_some()] {
            summary { "By status, platform, country" }
            div data-load=[later] {
                @match counts {
                    Some(counts) => { (counted(visit, wanted, counts)) }
                    None => {
                        p { a href=(wanted.counted().url(PAGE.path)) { "Count them" } }
                    }
                }
            }
        }
        (chosen(wanted))
    }
}

/// How many orders each choice would find.
pub fn counted(visit: &Visit, wanted: &Wanted, counts: &Counts) -> Markup {
    html! {
        div.filters {
            @for (name, title) in FACETS { (facet(visit, wanted, counts, (name, title))) }
        }
    }
}

fn facet(visit: &Visit, wanted: &Wanted, counts: &Counts, facet: (&str, &str)) -> Markup {
    let (name, title) = facet;
    let values = counts.of_facet(name);
    html! {
        section {
            h3 { (title) }
            @if values.is_empty() { p.none { "–" } }
            ul.facet {
                @for (value, count) in values {
                    @let is_chosen = wanted.values(name).any(|own| own == value);
                    li {
                        a href=(wanted.toggled(name, value).url(PAGE.path))
                            aria-current=[is_chosen.then_some("true")] { (value.replace('_', " ")) }
                        span.quiet { (visit.locale.count(count)) }
                    }
                }
            }
        }
    }
}

/// What the list is kept to by facets, each with a link that takes it away.
fn chosen(wanted: &Wanted) -> Markup {
    let of = |name: &'static str| wanted.values(name).map(move |value| (name, value));
    let chosen: Vec<_> = FACETS.iter().flat_map(|(name, _)| of(name)).collect();
    html! {
        @if !chosen.is_empty() {
            p.row {
                @for (name, value) in chosen {
                    a.badge href=(wanted.toggled(name, value).url(PAGE.path)) {
                        (name.replace('_', " ")) ": " (value.replace('_', " ")) " ✕"
                    }
                }
            }
        }
    }
}
