//! What sells best, and who orders most.

use super::{Scene, Shown};
use crate::charts::{Bar, Bars};
use crate::pages::figures::{
    call::Call,
    table::Value,
    told::{CustomerRow, ProductRow, Rows},
};

/// Rows of each list.
const MOST: &str = "10";

/// What the list of products asks.
pub fn products_call(scene: &Scene<'_>) -> Call {
    Call::of(&["products"], scene.asked)
        .with("currency", scene.currency)
        .with("sort", "amount")
        .with("limit", MOST)
}

/// What the list of customers asks.
pub fn customers_call(scene: &Scene<'_>) -> Call {
    Call::of(&["customers"], scene.asked)
        .with("currency", scene.currency)
        .with("sort", "revenue")
        .with("limit", MOST)
}

/// The products.
pub fn products(rows: &Rows<ProductRow>, scene: &Scene<'_>) -> Shown {
    let bars = rows.data.iter().map(|row| Bar {
        name: row.name.clone().unwrap_or_else(|| row.sku.clone()),
        figure: row.amount,
        told: scene.locale.money(row.amount, scene.currency),
    });
    let bars: Vec<Bar> = bars.collect();
    let cells = rows.data.iter().map(|row| {
        vec![
            Value::Link(row.sku.clone(), orders_with("sku", &row.sku)),
            Value::maybe(row.name.clone()),
            Value::Count(row.orders),
            Value::Count(row.units),
            Value::Count(row.returned_units),
            Value::Money(row.amount),
        ]
    });
    let heads = [
        ("sku", "SKU"),
        ("name", "Name"),
        ("orders", "Orders"),
        ("units", "Units"),
        ("returned_units", "Returned"),
        ("amount", "Amount"),
    ];
    let title = "Products by the amount that they were sold for";
    Shown {
        picture: Bars { title, bars: &bars }.picture(),
        table: scene.table(title, &heads, cells.collect()),
    }
}

/// The customers.
pub fn customers(rows: &Rows<CustomerRow>, scene: &Scene<'_>) -> Shown {
    let bars = rows.data.iter().map(|row| Bar {
        name: format!("{} · {}", row.platform, row.customer),
        figure: row.revenue,
        told: scene.locale.money(row.revenue, scene.currency),
    });
    let bars: Vec<Bar> = bars.collect();
    let cells = rows.data.iter().map(|row| {
        vec![
            Value::Text(row.platform.clone()),
            Value::Text(row.customer.clone()),
            Value::Count(row.orders),
            Value::Money(row.revenue),
            Value::Money(row.refunded),
            Value::maybe(row.last_order.clone()),
        ]
    });
    let heads = [
        ("platform", "Platform"),
        ("customer", "Customer"),
        ("orders", "Orders"),
        ("revenue", "Revenue"),
        ("refunded", "Refunds"),
        ("last_order", "Last order"),
    ];
    let title = "Customers by the revenue of their orders";
    Shown {
        picture: Bars { title, bars: &bars }.picture(),
        table: scene.table(title, &heads, cells.collect()),
    }
}

/// The list of orders, filtered.
fn orders_with(filter: &str, value: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair(filter, value);
    format!("/console/orders?{}", query.finish())
}
