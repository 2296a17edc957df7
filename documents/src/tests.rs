//! What is written is what the order says: the text is taken out of the PDF
//! again.

use crate::{
    CreditNote, Invoice, LAYOUT, Locale, Seller, Sheet, credit_note, credited, fonts::Faces,
    invoice, layout, leaves_room, packing_slip, render, samples,
};
use contracts::order::{Order, apply};
use proptest::prelude::*;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::time::Instant;
use time::OffsetDateTime;

fn sheet(order: &Order, seller: &Seller) -> Sheet {
    let issued = Invoice {
        issued: order,
        number: 17,
        issued_at: order.updated_at,
        now: order,
    };
    invoice(&issued, seller)
}

/// The text of each page.
fn texts(pdf: &[u8]) -> Vec<String> {
    pdf_text::pages(pdf).expect("a PDF")
}

/// Without what a reader of a PDF cannot know: where one text ends.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn drawn(sheet: &Sheet, seller: &Seller) -> (Vec<u8>, String) {
    let pdf = render(sheet, seller).expect("a PDF");
    let text = plain(&texts(&pdf).concat());
    (pdf, text)
}

/// Every figure of a sheet.
fn figures(sheet: &Sheet) -> impl Iterator<Item = &str> {
    let rows = sheet
        .lines
        .rows
        .iter()
        .flatten()
        .map(|cell| cell.text.as_str());
    let taxes = sheet
        .taxes
        .iter()
        .flat_map(|taxes| taxes.rows.iter().flatten());
    let sums = sheet.sums.iter().map(|sum| sum.amount.as_str());
    rows.chain(taxes.map(|cell| cell.text.as_str())).chain(sums)
}

/// The number that an amount is written of, in minor units.
fn minor(written: &str) -> i64 {
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let sign = if written.contains('-') { -1 } else { 1 };
    sign * digits.parse::<i64>().expect("digits")
}

fn sum_of(sheet: &Sheet, label: &str) -> Option<i64> {
    let sum = sheet.sums.iter().find(|sum| sum.label == label)?;
    Some(minor(&sum.amount))
}

#[test]
fn an_invoice_says_who_sells_what_to_whom_and_what_it_costs() {
    let (seller, order) = (samples::seller(), samples::small_order());
    let (pdf, text) = drawn(&sheet(&order, &seller), &seller);
    assert!(pdf.starts_with(b"%PDF-1.7"));
    for told in [
        "Invoice",
        "web-17",
        "25 November 2026",
        "WEB-1042",
        "24 November 2026",
        "Lumen & Sons Ltd",
        "GB 123 4567 89",
        "Ada Lovelace",
        "SW1Y 4JH",
        "Analytical Engines",
        "SKU-0001",
        "Bulb E27",
        "124.50",
        "-5.00",
        "20%",
        "244.00",
        "£385.64",
        "Balance due",
        "Page 1 / 1",
    ] {
        assert!(text.contains(&plain(told)), "{told} is not in {text}");
    }
}

#[test]
fn the_same_sheet_is_the_same_bytes() {
    let (seller, order) = (samples::seller(), samples::small_order());
    let sheet = sheet(&order, &seller);
    assert_eq!(render(&sheet, &seller).ok(), render(&sheet, &seller).ok());
    let other = Seller {
        locale: Locale::DeDe,
        ..samples::seller()
    };
    assert_ne!(render(&sheet, &seller).ok(), render(&sheet, &other).ok());
}

#[test]
fn german_invoices_are_german() {
    let seller = Seller {
        locale: Locale::DeDe,
        invoice_prefix: Some("R".into()),
        ..samples::seller()
    };
    let (_, text) = drawn(&sheet(&samples::small_order(), &seller), &seller);
    for told in [
        "Rechnung",
        "R17",
        "25. November 2026",
        "Menge",
        "385,64 £",
        "Seite 1 / 1",
    ] {
        assert!(text.contains(&plain(told)), "{told} is not in {text}");
    }
}

#[test]
fn letters_that_no_font_has_are_still_in_the_text() {
    let seller = samples::seller();
    let names = [
        "Żaneta Świętochłowska",
        "Ελένη",
        "Надія Ґалаґан",
        "Nguyễn Thị",
        "山田太郎",
        "שלום",
    ];
    let lines: Vec<_> = (1..)
        .zip(names)
        .map(|(id, name)| samples::line(id, name, (1, 100), (0, 20)))
        .collect();
    let (_, text) = drawn(&sheet(&samples::order(&lines), &seller), &seller);
    for name in names {
        assert!(text.contains(&plain(name)), "{name} is not in {text}");
    }
}

#[test]
fn every_movement_after_an_invoice_has_its_sign() {
    let issued = samples::small_order();
    let mut now = serde_json::to_value(&issued).expect("JSON");
    let totals = json!({
        "total": issued.totals.total - 1_000, "captured": 30_000, "refunded": 2_000,
        "charged_back": 300, "credited": 1_500,
        "balance_due": issued.totals.total - 1_000 - 1_500 - 30_000 + 2_000 + 300,
    });
    for (member, amount) in totals.as_object().into_iter().flatten() {
        now["totals"][member] = amount.clone();
    }
    let now: Order = serde_json::from_value(now).expect("an order");
    let issued = Invoice {
        issued: &issued,
        number: 17,
        issued_at: issued.updated_at,
        now: &now,
    };
    let sheet = invoice(&issued, &samples::seller());
    let written = |label| sheet.sums.iter().find(|sum| sum.label == label);
    for (label, amount) in [
        ("Total", "£385.64"),
        ("Changes after the invoice", "-10.00"),
        ("Credited", "-15.00"),
        ("Paid", "-300.00"),
        ("Refunded", "20.00"),
        ("Charged back", "3.00"),
        ("Balance due", "£83.64"),
    ] {
        let sum = written(label).expect(label);
        assert_eq!(sum.amount, amount, "{label}");
    }
}

/// Whatever a client has put into an order, it is on the page.
#[test]
fn an_order_of_endless_texts_stays_above_the_foot() {
    let endless = "Wherever it ends, ".repeat(110);
    let mut order = serde_json::to_value(samples::small_order()).expect("JSON");
    for member in ["billing_address", "shipping_address"] {
        for part in [
            "name",
            "company",
            "line1",
            "line2",
            "city",
            "region",
            "postal_code",
        ] {
            order[member][part] = json!(format!("{part} {endless}"));
        }
    }
    order["external_id"] = json!("x".repeat(255));
    order["customer"]["id"] = json!("x".repeat(255));
    let order: Order = serde_json::from_value(order).expect("an order");
    let seller = samples::seller();
    let faces = Faces::of(&seller);
    let invoice = sheet(&order, &seller);
    let pages = layout::pages(&invoice, &seller, &faces);
    let foot = pages[0].iter().rev().find_map(|mark| match mark {
        layout::Mark::Rule { y, .. } => Some(*y),
        _ => None,
    });
    let foot = foot.expect("a rule above the foot");
    // The last mark of the head, before the first one of the foot.
    let lowest = |page: &layout::Page| {
        let texts = page.iter().filter_map(|mark| match mark {
            layout::Mark::Text { y, text, .. } if !seller.footer.contains(text) => Some(*y),
            _ => None,
        });
        texts.filter(|y| *y < foot).fold(0.0, f32::max)
    };
    assert!(pages.iter().all(|page| lowest(page) < foot - 10.0));
    let (_, text) = drawn(&invoice, &seller);
    assert!(text.contains(&plain("Bulb E27")) && text.contains("£385.64"));
}

#[test]
fn a_seller_with_too_much_to_say_leaves_no_room() {
    assert!(leaves_room(&samples::seller()));
    let footer = vec!["Terms and conditions apply to everything. ".repeat(4); 16];
    assert!(!leaves_room(&Seller {
        footer,
        ..samples::seller()
    }));
}

/// Who keeps a document asks for its layout by number.
#[test]
fn what_is_laid_out_otherwise_has_another_number() {
    let seller = samples::seller();
    let faces = Faces::of(&seller);
    let pages = layout::pages(&sheet(&samples::small_order(), &seller), &seller, &faces);
    let hash: [u8; 32] = Sha256::digest(format!("{pages:?}")).into();
    assert_eq!(
        (LAYOUT, &hash[..4]),
        (1, &[234, 114, 247, 254][..]),
        "raise LAYOUT"
    );
}

/// Of one book, which has no tax, out of an order of two rates.
#[test]
fn what_comes_back_has_the_tax_that_it_was_sold_with() {
    let before = samples::small_order();
    let mut after = serde_json::to_value(&before).expect("JSON");
    after["returns"] = json!([{
        "id": "r1", "status": "received", "refunded": 1_299, "credited": 0,
        "lines": [{"line": "l2", "quantity": 1, "received": 1, "resellable": 1}],
        "requested_at": "2026-11-26T09:00:00Z",
    }]);
    after["refunds"] = json!([{
        "id": "rf1", "status": "succeeded", "payment": "p1", "amount": 1_299,
        "purpose": "return", "return": "r1", "at": "2026-11-26T09:00:00Z",
    }]);
    after["totals"]["credited"] = json!(1_299);
    let after: Order = serde_json::from_value(after).expect("an order");
    let note = CreditNote {
        issued: &before,
        invoice: 17,
        issued_at: before.updated_at,
        number: 1,
        before: &before,
        after: &after,
    };
    let sheet = credit_note(&note, &samples::seller());
    assert_eq!(sheet.lines.rows[0][0].text, "Returned goods");
    assert_eq!(
        sheet.lines.rows[0][0].detail,
        ["1 × Book: The Analytical Engine"]
    );
    assert_eq!(sheet.sums[0].amount, "£12.99");
    assert!(sheet.taxes.is_none(), "{:?}", sheet.taxes);
}

#[test]
fn a_line_that_is_longer_than_a_page_goes_on_over_pages() {
    let seller = samples::seller();
    let endless = "w".repeat(40_000);
    let lines = [samples::line(1, &endless, (1, 100), (0, 20))];
    let (pdf, text) = drawn(&sheet(&samples::order(&lines), &seller), &seller);
    assert!(texts(&pdf).len() > 3);
    let letters = text.matches('w').count();
    assert!(letters >= 40_000, "{letters} of 40,000");
}

/// As long as the longest invoice of a year of a real shop.
#[test]
fn an_invoice_of_1_114_lines_is_whole() {
    let seller = samples::seller();
    let lines: Vec<_> = (1..=1_114)
        .map(|id| samples::line(id, "WHITE HANGING HEART T-LIGHT HOLDER", (2, 255), (0, 102)))
        .collect();
    let order = samples::order(&lines);
    let began = Instant::now();
    let sheet = sheet(&order, &seller);
    let pdf = render(&sheet, &seller).expect("a PDF");
    let took = began.elapsed();
    let pages = texts(&pdf);
    println!(
        "1,114 lines: {} pages, {} bytes, {took:?}",
        pages.len(),
        pdf.len()
    );
    let count = pages.len();
    for (number, page) in (1..).zip(&pages) {
        let page = plain(page);
        assert!(page.contains(&format!("Page{number}/{count}")), "{page}");
        assert!(
            page.contains("Unitprice"),
            "the head of the table is on page {number}"
        );
    }
    let text = plain(&pages.concat());
    for id in 1..=1_114 {
        assert_eq!(
            text.matches(&format!("SKU-{id:04}")).count(),
            1,
            "line {id}"
        );
    }
    assert!(
        text.contains("£6,823.67"),
        "5681.40 + 4.99 + 1136.28 + 1.00"
    );
    assert!(pdf.len() < 400_000, "{} bytes", pdf.len());
}

/// Every version of a life that was issued an invoice at some version.
fn lives() -> impl Strategy<Value = Vec<Vec<Order>>> {
    histories::histories(1).prop_map(|lives| {
        let fold = |life: Vec<histories::Event>| {
            let mut order = None;
            let mut versions = Vec::new();
            for event in life {
                let next = apply(order.take(), &event.envelope, event.data).expect("sound");
                versions.push(next.clone());
                order = Some(next);
            }
            versions
        };
        lives.into_iter().map(fold).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The figures of the PDF are those of the sheet, and those are the order's.
    #[test]
    fn the_figures_of_an_invoice_are_those_of_its_order(lives in lives(), cut in 0_usize..30) {
        let seller = samples::seller();
        let words = seller.locale.words();
        for versions in lives {
            let issued = &versions[cut.min(versions.len() - 1)];
            let now = versions.last().expect("an event");
            let sheet = invoice(&Invoice { issued, number: 17, issued_at: OffsetDateTime::UNIX_EPOCH, now }, &seller);
            let (_, text) = drawn(&sheet, &seller);
            for figure in figures(&sheet) {
                prop_assert!(text.contains(&plain(figure)), "{figure} is not in {text}");
            }
            let totals = &issued.totals;
            prop_assert_eq!(sum_of(&sheet, words.items), Some(totals.items));
            prop_assert_eq!(sum_of(&sheet, words.total), Some(totals.total));
            prop_assert_eq!(sum_of(&sheet, words.discounts).unwrap_or_default(), -totals.discounts);
            prop_assert_eq!(sum_of(&sheet, words.tax).unwrap_or_default(), totals.tax);
            // What is left to be paid, from the total down.
            let last = sheet.sums.last().map(|sum| minor(&sum.amount));
            prop_assert_eq!(last, Some(now.totals.balance_due));
            let moved = [words.changed, words.credited, words.paid, words.refunded, words.charged_back];
            let moved: i64 = moved.iter().filter_map(|label| sum_of(&sheet, label)).sum();
            prop_assert_eq!(totals.total + moved, now.totals.balance_due);
            // Every line that is left, and nothing else.
            let left = issued.lines.iter().filter(|line| line.quantity != line.cancelled_quantity);
            prop_assert_eq!(sheet.lines.rows.len(), left.count());
        }
    }

    /// The taxes and what they are on add up to the total.
    #[test]
    fn taxes_per_rate_add_up_to_the_order(lives in lives()) {
        let seller = samples::seller();
        for order in lives.iter().flatten() {
            let sheet = sheet(order, &seller);
            let Some(taxes) = &sheet.taxes else {
                continue;
            };
            let column = |index: usize| taxes.rows.iter().map(|row| minor(&row[index].text)).sum::<i64>();
            prop_assert_eq!(column(2), order.totals.tax + order.totals.included_tax);
            prop_assert_eq!(column(1) + column(2), column(3));
        }
    }

    /// Credit notes come to what the order costs less, and to nothing else.
    #[test]
    fn credit_notes_come_to_what_an_order_costs_less(lives in lives()) {
        let seller = samples::seller();
        for versions in lives {
            let issued = &versions[0];
            for pair in versions.windows(2) {
                let [before, after] = pair else {
                    continue;
                };
                let Some(less) = credited(&before.totals, &after.totals) else {
                    continue;
                };
                let issued_at = OffsetDateTime::UNIX_EPOCH;
                let note = CreditNote { issued, invoice: 17, issued_at, number: 1, before, after };
                let sheet = credit_note(&note, &seller);
                let rows = sheet.lines.rows.iter().map(|row| minor(&row[2].text));
                prop_assert_eq!(rows.sum::<i64>(), less);
                prop_assert_eq!(minor(&sheet.sums[0].amount), less);
                let (_, text) = drawn(&sheet, &seller);
                for figure in figures(&sheet) {
                    prop_assert!(text.contains(&plain(figure)), "{figure} is not in {text}");
                }
            }
        }
    }

    /// A slip has what is left of an order, or nothing is to be packed.
    #[test]
    fn a_packing_slip_has_every_piece_and_no_price(lives in lives()) {
        let seller = samples::seller();
        for order in lives.iter().filter_map(|versions| versions.last()) {
            let Ok(sheet) = packing_slip(order, None, &seller) else {
                continue;
            };
            let pieces: i64 = order.lines.iter().map(|line| line.quantity - line.cancelled_quantity).sum();
            let packed = sheet.lines.rows.iter().filter_map(|row| row.last());
            prop_assert_eq!(packed.map(|cell| minor(&cell.text)).sum::<i64>(), pieces);
            prop_assert!(sheet.sums.is_empty() && sheet.taxes.is_none());
        }
    }
}
