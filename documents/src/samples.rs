//! A seller and orders, for tests.

use crate::{
    locale::Locale,
    seller::{Paper, Seller},
};
use contracts::order::Order;
use serde_json::{Value, json};

/// A seller with everything but a logo.
pub fn seller() -> Seller {
    Seller {
        name: "Lumen & Sons Ltd".into(),
        address: vec![
            "12 Mill Lane".into(),
            "Bristol BS1 4RB".into(),
            "United Kingdom".into(),
        ],
        vat_id: Some("GB 123 4567 89".into()),
        registration: Some("Registered in England and Wales, No 01234567".into()),
        contact: vec![
            "hello@lumen.example".into(),
            "+44 117 496 0000".into(),
            "lumen.example".into(),
        ],
        footer: vec![
            "Payment within 14 days to GB33 BUKB 2020 1555 5555 55, Lumen & Sons Ltd.".into(),
        ],
        logo: None,
        locale: Locale::EnGb,
        paper: Paper::A4,
        invoice_prefix: None,
        tax_rates: Vec::new(),
        fonts: Vec::new(),
    }
}

/// A line: what it is called, how many, the price of one, discount and tax.
pub fn line(
    id: usize,
    name: &str,
    (quantity, price): (i64, i64),
    (discount, tax): (i64, i64),
) -> Value {
    json!({
        "id": format!("l{id}"), "sku": format!("SKU-{id:04}"), "name": name,
        "quantity": quantity, "cancelled_quantity": 0, "fulfilled_quantity": 0,
        "shipped_quantity": 0, "delivered_quantity": 0, "return_requested_quantity": 0,
        "returned_quantity": 0, "unit_price": price, "amount": quantity * price,
        "discount": discount, "allocated_discount": 0, "tax": tax,
    })
}

/// An order of these lines with £4.99 for shipping, and a fifth of it for tax.
pub fn order(lines: &[Value]) -> Order {
    let sum = |member: &str| {
        lines
            .iter()
            .filter_map(|line| line[member].as_i64())
            .sum::<i64>()
    };
    let (items, discounts, tax) = (sum("amount"), sum("discount"), sum("tax") + 100);
    let total = items - discounts + 499 + tax;
    let mut order = json!({
        "id": "01890a5d-ac96-774b-bcce-b302099a8057", "number": "WEB-1042", "version": 3,
        "platform": "web", "external_id": "4711", "kind": "order", "currency": "GBP",
        "prices_include_tax": false, "status": "placed", "payment_status": "none",
        "fulfillment_status": "unfulfilled", "return_status": "none", "confirmed": true,
        "archived": false, "country": "GB", "lines": lines,
        "customer": {"id": "C-88", "name": "Ada Lovelace", "email": "ada@example.com"},
        "billing_address": {"name": "Ada Lovelace", "line1": "12 St James's Square",
            "city": "London", "postal_code": "SW1Y 4JH", "country": "GB"},
        "shipping_address": {"company": "Analytical Engines", "line1": "5 Dorset Street",
            "city": "London", "postal_code": "W1U 6QN", "country": "GB"},
    });
    let rest = json!({
        "shipping": {"method": "std", "name": "Standard", "amount": 499, "tax": 100},
        "discounts": [], "payments": [], "refunds": [], "credits": [], "chargebacks": [],
        "fulfillments": [], "returns": [], "holds": [], "tags": [], "notes": [],
        "cancellation": null, "exchange_of": null, "invoice_number": 17,
        "totals": {"items": items, "discounts": discounts, "shipping": 499, "tax": tax,
            "included_tax": 0, "total": total, "credited": 0, "captured": 0, "refunded": 0,
            "charged_back": 0, "balance_due": total},
        "created_at": "2026-11-24T09:00:00Z", "placed_at": "2026-11-24T09:00:00Z",
        "updated_at": "2026-11-25T10:30:00Z",
    });
    for (member, value) in rest.as_object().into_iter().flatten() {
        order[member] = value.clone();
    }
    serde_json::from_value(order).expect("an order")
}

/// Three lines, two rates of tax.
pub fn small_order() -> Order {
    order(&[
        line(
            1,
            "Desk lamp, brass, with a long name that takes more than one line of its column",
            (2, 12_450),
            (500, 4_880),
        ),
        line(2, "Book: The Analytical Engine", (3, 1_299), (0, 0)),
        line(3, "Bulb E27", (10, 399), (0, 798)),
    ])
}
