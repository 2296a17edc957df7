//! What a list is asked for: all of it stands in its URL.

use super::columns::Column;
use crate::pages::orders::PAGE;
use actix_web::web;
use url::form_urlencoded::Serializer;

/// Filters of one of some values, which facets count.
pub const FACETS: [(&str, &str); 8] = [
    ("status", "Order"),
    ("payment_status", "Payment"),
    ("fulfillment_status", "Fulfilment"),
    ("return_status", "Return"),
    ("platform", "Platform"),
    ("country", "Country"),
    ("currency", "Currency"),
    ("kind", "Kind"),
];
/// Filters of text.
pub const TEXTS: [(&str, &str); 4] = [
    ("customer", "Customer's id"),
    ("external_id", "External id"),
    ("sku", "SKU"),
    ("tag", "Tag"),
];
/// Filters of days.
pub const DAYS: [(&str, &str); 4] = [
    ("placed_from", "Placed from (UTC)"),
    ("placed_to", "Placed before (UTC)"),
    ("updated_from", "Changed from (UTC)"),
    ("updated_to", "Changed before (UTC)"),
];
/// Filters of yes or no.
pub const FLAGS: [(&str, &str); 3] = [
    ("has_hold", "On hold"),
    ("has_open_return", "Return under way"),
    ("archived", "Archived"),
];
/// Orders of the list; the first one is that of a list which asks for none, whatever the
/// API's own is.
pub const SORTS: [(&str, &str); 6] = [
    ("-placed_at", "Newest"),
    ("placed_at", "Oldest"),
    ("-updated_at", "Changed last"),
    ("-created_at", "Recorded last"),
    ("-total", "Largest"),
    ("total", "Smallest"),
];

/// Those by what changes in the life of an order.
const CHANGING: [&str; 3] = ["-updated_at", "-total", "total"];

const SEARCH: &str = "q";
const SORT: &str = "sort";
const CURSOR: &str = "cursor";
const COLUMNS: &str = "columns";
const COUNTS: &str = "counts";
/// Orders of a page.
const LIMIT: &str = "50";

/// A list that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Filters, search, sort and cursor, as the API takes them.
    pairs: Vec<(String, String)>,
    /// What is shown of each order.
    pub columns: Vec<Column>,
    /// Whether facets are to be counted before the page is shown.
    pub counts: bool,
}

impl Wanted {
    /// By the query of a request. What a form left empty, and what no list knows, is
    /// left out.
    pub fn of(query: &str) -> Self {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(query);
        let pairs = pairs.map(web::Query::into_inner).unwrap_or_default();
        let columns = pairs.iter().filter(|(name, _)| name == COLUMNS);
        let columns = Column::chosen(columns.flat_map(|(_, value)| value.split(',')));
        let counts = pairs.iter().any(|(name, _)| name == COUNTS);
        let asked = |(name, value): &(String, String)| {
            let value = value.trim();
            let told = is_known(name) && !value.is_empty();
            told.then(|| (name.clone(), value.to_owned()))
        };
        Self {
            pairs: pairs.iter().filter_map(asked).collect(),
            columns,
            counts,
        }
    }

    /// What the API is asked.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.pairs.iter();
        let usual = self.value(SORT).is_empty();
        own.map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(usual.then_some((SORT, SORTS[0].0)))
            .chain([("limit", LIMIT)])
    }

    /// The same without the page, for what speaks of the whole list.
    pub fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.pairs.iter();
        own.map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| ![CURSOR, SORT].contains(name))
    }

    /// Every value that a filter has; they may be separated by commas.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.pairs.iter().filter(move |(own, _)| own == name);
        own.flat_map(|(_, value)| value.split(','))
    }

    /// The first of them; empty where there is none.
    pub fn value(&self, name: &str) -> &str {
        let own = self.pairs.iter().find(|(own, _)| own == name);
        own.map_or("", |(_, value)| value.as_str())
    }

    /// What is searched for.
    pub fn search(&self) -> &str {
        self.value(SEARCH)
    }

    /// Whether it is kept to some orders.
    pub fn is_filtered(&self) -> bool {
        self.filters().next().is_some()
    }

    /// Whether a change of an order may take it elsewhere in the list, or out of it.
    pub fn moves(&self) -> bool {
        self.is_filtered() || CHANGING.contains(&self.value(SORT))
    }

    /// Whether it is the first page.
    pub fn is_first(&self) -> bool {
        self.value(CURSOR).is_empty()
    }

    /// The URL of another page of it.
    pub fn page(&self, cursor: &str) -> String {
        let mut other = self.first();
        other.pairs.push((CURSOR.to_owned(), cursor.to_owned()));
        other.url(PAGE.path)
    }

    /// Itself, from its first page on.
    pub fn first(&self) -> Self {
        self.without(CURSOR)
    }

    /// Itself, kept to this value of a filter too or, where it is, not any more; other
    /// values of the filter stay.
    pub fn toggled(&self, name: &str, value: &str) -> Self {
        let chosen = self.values(name).any(|own| own == value);
        let mut values: Vec<&str> = self.values(name).filter(|own| *own != value).collect();
        if !chosen {
            values.push(value);
        }
        let mut other = self.first().without(name);
        let pairs = values.into_iter();
        let pairs = pairs.map(|value| (name.to_owned(), value.to_owned()));
        other.pairs.extend(pairs);
        other
    }

    /// Itself with counts.
    pub fn counted(&self) -> Self {
        Self {
            counts: true,
            ..self.clone()
        }
    }

    fn without(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.pairs.retain(|(own, _)| own != name);
        other
    }

    /// The URL of what is at `path` of this list.
    pub fn url(&self, path: &str) -> String {
        let query = self.query();
        if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        }
    }

    fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(&self.pairs);
        if let Some(columns) = self.columns_parameter() {
            query.append_pair(COLUMNS, &columns);
        }
        if self.counts {
            query.append_pair(COUNTS, "yes");
        }
        query.finish()
    }

    /// The columns as they stand in URLs; none where they are the usual ones.
    pub fn columns_parameter(&self) -> Option<String> {
        let usual = self.columns == Column::USUAL;
        let names: Vec<&str> = self.columns.iter().map(|column| column.name()).collect();
        (!usual).then(|| names.join(","))
    }
}

fn is_known(name: &str) -> bool {
    let tables = [&FACETS[..], &TEXTS[..], &DAYS[..], &FLAGS[..]];
    let mut filters = tables.into_iter().flatten();
    [SEARCH, SORT, CURSOR].contains(&name) || filters.any(|(own, _)| *own == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stands_in_the_url_and_nothing_else() {
        let wanted = Wanted::of("q=ann+b&status=placed&placed_from=&evil=1&columns=number,total");
        assert_eq!(wanted.search(), "ann b");
        let url = wanted.url("/console/orders");
        assert_eq!(
            url,
            "/console/orders?q=ann+b&status=placed&columns=number%2Ctotal"
        );
        let (_, query) = url.split_once('?').expect("a query");
        assert_eq!(Wanted::of(query), wanted);
        assert_eq!(Wanted::of("").url("/console/orders"), "/console/orders");
    }

    #[test]
    fn another_choice_begins_at_the_first_page() {
        let wanted = Wanted::of("status=placed&cursor=abc&sort=-total");
        assert!(!wanted.is_first());
        let other = wanted.toggled("platform", "web");
        assert!(other.is_first());
        assert_eq!(other.url(""), "?status=placed&sort=-total&platform=web");
        assert_eq!(
            other.toggled("platform", "web").url(""),
            "?status=placed&sort=-total"
        );
        assert_eq!(wanted.page("x").matches("cursor=").count(), 1);
    }

    #[test]
    fn one_value_of_several_is_added_and_taken_away() {
        let several = Wanted::of("status=placed,cancelled&platform=web");
        let fewer = several.toggled("status", "placed");
        assert_eq!(fewer.url(""), "?platform=web&status=cancelled");
        let more = fewer.toggled("status", "draft");
        assert_eq!(more.url(""), "?platform=web&status=cancelled&status=draft");
        let none = more
            .toggled("status", "draft")
            .toggled("status", "cancelled");
        assert_eq!(none.url(""), "?platform=web");
    }

    #[test]
    fn the_api_is_asked_for_the_order_that_the_form_shows() {
        let sorts = |query| -> Vec<String> {
            let wanted = Wanted::of(query);
            let asked = wanted.parameters().filter(|(name, _)| *name == SORT);
            asked.map(|(_, value)| value.to_owned()).collect()
        };
        assert_eq!(sorts(""), ["-placed_at"]);
        assert_eq!(sorts("sort="), ["-placed_at"]);
        assert_eq!(sorts("sort=total"), ["total"]);
        assert!(!Wanted::of("").is_filtered());
    }

    #[test]
    fn orders_move_where_a_change_decides_where_they_are() {
        let moves = |query| Wanted::of(query).moves();
        assert!(moves("status=placed") && moves("q=ann") && moves("sort=-total"));
        assert!(!moves("") && !moves("sort=placed_at") && !moves("columns=number"));
    }

    #[test]
    fn facets_speak_of_the_whole_list() {
        let wanted = Wanted::of("status=placed&cursor=abc&sort=-total&q=x");
        let filters: Vec<_> = wanted.filters().map(|(name, _)| name).collect();
        assert_eq!(filters, ["status", "q"]);
    }
}
