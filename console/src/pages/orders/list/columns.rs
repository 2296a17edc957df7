//! What a list shows of each order.

use crate::{
    Visit, moment,
    pages::orders::{PAGE, axes},
};
use contracts::order::OrderSummary;
use maud::{Markup, html};

/// A column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Number for people, which leads to the order.
    Number,
    /// Business time.
    Placed,
    /// Who it is for.
    Customer,
    /// What it costs.
    Total,
    /// What is still to be paid.
    Due,
    /// Order axis, holds.
    Status,
    /// Payment axis.
    Payment,
    /// Fulfilment axis.
    Fulfillment,
    /// Return axis.
    Return,
    /// Sales channel.
    Platform,
    /// Where it goes.
    Country,
    /// How many lines.
    Lines,
    /// Labels.
    Tags,
    /// The platform's own id.
    External,
    /// Last change.
    Updated,
}

impl Column {
    /// Every one, in the order that they are shown in.
    pub const ALL: [Self; 15] = [
        Self::Number,
        Self::Placed,
        Self::Customer,
        Self::Total,
        Self::Due,
        Self::Status,
        Self::Payment,
        Self::Fulfillment,
        Self::Return,
        Self::Platform,
        Self::Country,
        Self::Lines,
        Self::Tags,
        Self::External,
        Self::Updated,
    ];
    /// Those of a list that asks for none.
    pub const USUAL: [Self; 8] = [
        Self::Number,
        Self::Placed,
        Self::Customer,
        Self::Total,
        Self::Status,
        Self::Payment,
        Self::Fulfillment,
        Self::Platform,
    ];

    /// Its name in URLs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Placed => "placed",
            Self::Customer => "customer",
            Self::Total => "total",
            Self::Due => "due",
            Self::Status => "status",
            Self::Payment => "payment",
            Self::Fulfillment => "fulfillment",
            Self::Return => "return",
            Self::Platform => "platform",
            Self::Country => "country",
            Self::Lines => "lines",
            Self::Tags => "tags",
            Self::External => "external_id",
            Self::Updated => "updated",
        }
    }

    /// What stands above it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Number => "Order",
            Self::Placed => "Placed",
            Self::Customer => "Customer",
            Self::Total => "Total",
            Self::Due => "To be paid",
            Self::Status => "Status",
            Self::Payment => "Payment",
            Self::Fulfillment => "Fulfilment",
            Self::Return => "Return",
            Self::Platform => "Platform",
            Self::Country => "Country",
            Self::Lines => "Lines",
            Self::Tags => "Tags",
            Self::External => "External id",
            Self::Updated => "Changed",
        }
    }

    const fn is_number(self) -> bool {
        matches!(self, Self::Total | Self::Due | Self::Lines)
    }

    /// How its cells are set: what people compare or copy stays on one line.
    const fn class(self) -> Option<&'static str> {
        match self {
            Self::Total | Self::Due | Self::Lines => Some("right nowrap"),
            Self::Number | Self::Placed | Self::Updated | Self::Platform => Some("nowrap"),
            _ => None,
        }
    }

    /// Those of these names, in the order that they are shown in; the usual ones where
    /// there are none. An order's number is always shown: it leads to it.
    pub fn chosen<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Self> {
        let names: Vec<&str> = names.collect();
        let is_chosen = |column: &Self| names.contains(&column.name());
        if !Self::ALL.iter().any(is_chosen) {
            return Self::USUAL.to_vec();
        }
        let all = Self::ALL.into_iter();
        all.filter(|column| *column == Self::Number || is_chosen(column))
            .collect()
    }

    /// Its head.
    pub fn head(self) -> Markup {
        html! { th scope="col" class=[self.is_number().then_some("right")] { (self.title()) } }
    }

    /// Its cell of one order.
    pub fn cell(self, visit: &Visit, order: &OrderSummary) -> Markup {
        html! {
            td data-label=(self.title()) class=[self.class()] {
                (self.content(visit, order))
            }
        }
    }

    fn content(self, visit: &Visit, order: &OrderSummary) -> Markup {
        let money = |minor| html! { (visit.locale.money(minor, &order.currency)) };
        match self {
            Self::Number => html! { a href={ (PAGE.path) "/" (order.id) } { (order.number) } },
            Self::Placed => moment::maybe(order.placed_at),
            Self::Customer => customer(order),
            Self::Total => money(order.totals.total),
            Self::Due => money(order.totals.balance_due),
            Self::Status => html! {
                (axes::order(order.status))
                @if order.hold_count > 0 { " " span.badge.warm { "on hold" } }
                @if order.archived { " " span.badge { "archived" } }
            },
            Self::Payment => axes::payment(order.payment_status),
            Self::Fulfillment => axes::fulfillment(order.fulfillment_status),
            Self::Return => axes::returned(order.return_status),
            Self::Platform => html! { (order.platform) },
            Self::Country => html! { (order.country) },
            Self::Lines => html! { (order.line_count) },
            Self::Tags => html! {
                @for tag in &order.tags { span.badge { (tag) } " " }
            },
            Self::External => html! { (order.external_id.as_deref().unwrap_or_default()) },
            Self::Updated => moment::moment(order.updated_at),
        }
    }
}

fn customer(order: &OrderSummary) -> Markup {
    let customer = order.customer.as_ref();
    let name = customer.and_then(|customer| {
        let known = [&customer.name, &customer.email, &customer.id];
        known.into_iter().find_map(Option::as_deref)
    });
    html! {
        @if let Some(name) = name { (name) } @else { span.none { "guest" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_shown_in_one_order_and_the_number_always() {
        let chosen = Column::chosen(["total", "evil", "customer"].into_iter());
        assert_eq!(chosen, [Column::Number, Column::Customer, Column::Total]);
        assert_eq!(Column::chosen(std::iter::empty()), Column::USUAL);
    }
}
