//! Parts that pages have in common.

use maud::{Markup, html};

/// A state in a few words: `class` is `good`, `warm`, `bad` or nothing.
pub fn badge(text: &str, class: &str) -> Markup {
    html! { span class={ "badge " (class) } { (text.replace('_', " ")) } }
}

/// There is nothing: what that means, and what to do.
pub fn empty(what: &str, to_do: &Markup) -> Markup {
    html! {
        div.empty {
            p.what { (what) }
            p { (to_do) }
        }
    }
}

/// A table, which goes sideways in its own box where it is wider than the page, by
/// keyboard too; `label` says what it is of.
pub fn table_box(label: &str, table: &Markup) -> Markup {
    wide("table", label, table)
}

/// The same as a card of its own.
pub fn table_card(label: &str, table: &Markup) -> Markup {
    wide("card table", label, table)
}

fn wide(class: &str, label: &str, table: &Markup) -> Markup {
    html! { div class=(class) tabindex="0" role="region" aria-label=(label) { (table) } }
}

/// Names and what they stand for.
pub fn figures(figures: &[(String, String)]) -> Markup {
    html! {
        dl.figures {
            @for (name, value) in figures {
                dt { (name) }
                dd { (value) }
            }
        }
    }
}

/// Links to the pages before and after this one, where there are some.
pub fn pager(before: Option<&str>, after: Option<&str>) -> Markup {
    html! {
        nav.pager aria-label="Pages of the list" {
            @match before {
                Some(url) => { a rel="prev" href=(url) { "← Previous" } }
                None => { span.none { "← Previous" } }
            }
            @match after {
                Some(url) => { a rel="next" href=(url) { "Next →" } }
                None => { span.none { "Next →" } }
            }
        }
    }
}

/// What the module shows while a page does not follow what happens: `id` is how its
/// `data-live-lost` finds it.
pub fn not_live(id: &str) -> Markup {
    html! {
        p.notice.warm id=(id) role="status" hidden {
            "Not live: this may be older than it seems. It is tried again by itself."
        }
    }
}

/// An id, of which its end is shown: the first digits of ids are those of their time.
pub fn short(id: &str) -> Markup {
    let end = id.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
    html! { code title=(id) { "…" (&id[end..]) } }
}
