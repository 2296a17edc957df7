//! Every code that a refusal can have, produced by a command: with the status
//! it stands for, the place in the body it names, and its figures.

use super::{bare, given, gone, seller, web};
use crate::{
    order::RejectionKind,
    platform::{
        ChangePlatform, LOCALES, Platform, PlatformCommand, Rejection, SavePlatform,
        content::{MAX_PREFIX, MAX_REQUESTS, MAX_SECONDS, MAX_WINDOW},
        decide,
        seller::{LONGEST, LONGEST_PREFIX, MOST_LINES, MOST_RATES},
    },
};
use contracts::platform::{RateLimit, Seller};
use serde_json::{Value, json};
use std::collections::BTreeSet;

type Row = (PlatformCommand, &'static str, &'static str, Value);

fn with_prefix(prefix: &str) -> PlatformCommand {
    let save = SavePlatform {
        number_prefix: Some(prefix.to_owned()),
        ..web()
    };
    save.into()
}

fn expiring(seconds: u64) -> PlatformCommand {
    let change = ChangePlatform {
        expire_unpaid_after_seconds: Some(Some(seconds)),
        ..ChangePlatform::default()
    };
    change.into()
}

fn limited(requests: u32, window_seconds: u32) -> PlatformCommand {
    let change = ChangePlatform {
        rate_limit: Some(Some(RateLimit {
            requests,
            window_seconds,
        })),
        ..ChangePlatform::default()
    };
    change.into()
}

/// The seller, with something done to it.
fn sold_by(change: impl FnOnce(&mut Seller)) -> PlatformCommand {
    let mut seller = seller();
    change(&mut seller);
    let save = SavePlatform {
        seller: Some(seller),
        ..web()
    };
    save.into()
}

/// Rows of: command => code, pointer, figures.
macro_rules! rows {
    ($($command:expr => $code:literal $pointer:literal $figures:expr;)+) => {
        vec![$(($command, $code, $pointer, $figures)),+]
    };
}

fn rows() -> Vec<Row> {
    let beyond = MAX_SECONDS + 1;
    let elsewhere = SavePlatform {
        country: Some("QQ".to_owned().try_into().expect("two letters")),
        ..web()
    };
    let idle = ChangePlatform {
        archive_settled_after_seconds: Some(Some(beyond)),
        ..ChangePlatform::default()
    };
    let seconds =
        |given: u64, least: u64| json!({"seconds": given, "least": least, "limit": MAX_SECONDS});
    let prefix = || json!({"limit": MAX_PREFIX});
    let long = "W".repeat(MAX_PREFIX + 1);
    let rate = |requests: u32, window: u32| {
        json!({"requests": requests, "window_seconds": window,
               "most_requests": MAX_REQUESTS, "longest_window": MAX_WINDOW})
    };
    let (many, wide) = (MAX_REQUESTS + 1, MAX_WINDOW + 1);
    rows! {
        bare("shop").into() => "slug_fixed" "/slug" json!({"slug": "web", "given": "shop"});
        elsewhere.into() => "unknown_country" "/country" json!({});
        expiring(0) => "seconds_out_of_range" "/expire_unpaid_after_seconds" seconds(0, 1);
        expiring(beyond) => "seconds_out_of_range" "/expire_unpaid_after_seconds" seconds(beyond, 1);
        idle.into() => "seconds_out_of_range" "/archive_settled_after_seconds" seconds(beyond, 0);
        with_prefix("") => "invalid_number_prefix" "/number_prefix" prefix();
        with_prefix("W 1-") => "invalid_number_prefix" "/number_prefix" prefix();
        with_prefix("W\n") => "invalid_number_prefix" "/number_prefix" prefix();
        with_prefix("W\u{7}-") => "invalid_number_prefix" "/number_prefix" prefix();
        with_prefix("W1") => "invalid_number_prefix" "/number_prefix" prefix();
        with_prefix(&long) => "invalid_number_prefix" "/number_prefix" prefix();
        limited(0, 1) => "rate_limit_out_of_range" "/rate_limit" rate(0, 1);
        limited(1, 0) => "rate_limit_out_of_range" "/rate_limit" rate(1, 0);
        limited(many, 1) => "rate_limit_out_of_range" "/rate_limit" rate(many, 1);
        limited(1, wide) => "rate_limit_out_of_range" "/rate_limit" rate(1, wide);
    }
}

fn rows_of_sellers() -> Vec<Row> {
    let long = "x".repeat(LONGEST + 1);
    let text = || json!({"limit": LONGEST});
    let many = |given: usize, limit: usize| json!({"given": given, "limit": limit});
    let times = |text: &str, count: usize| vec![text.to_owned(); count];
    let (lines, rates) = (MOST_LINES + 1, MOST_RATES + 1);
    let language = json!({"given": "tlh", "known": LOCALES});
    let invoice = "x".repeat(LONGEST_PREFIX + 1);
    let logo = |name: &str| sold_by(|s| s.logo = Some(name.to_owned()));
    let rate = |rate: &str| sold_by(|s| s.tax_rates[1] = rate.to_owned());
    rows! {
        sold_by(|s| s.name = " ".into()) => "invalid_seller_text" "/seller/name" text();
        sold_by(|s| s.name = long.clone()) => "invalid_seller_text" "/seller/name" text();
        sold_by(|s| s.address[1] = "a\nb".into()) => "invalid_seller_text" "/seller/address/1" text();
        sold_by(|s| s.vat_id = Some(String::new())) => "invalid_seller_text" "/seller/vat_id" text();
        sold_by(|s| s.registration = Some(long.clone())) => "invalid_seller_text" "/seller/registration" text();
        sold_by(|s| s.contact[0].clear()) => "invalid_seller_text" "/seller/contact/0" text();
        sold_by(|s| s.footer[0].clear()) => "invalid_seller_text" "/seller/footer/0" text();
        sold_by(|s| s.address.clear()) => "seller_address_missing" "/seller/address" json!({});
        sold_by(|s| s.address = times("x", lines)) => "too_many_of_seller" "/seller/address" many(lines, MOST_LINES);
        sold_by(|s| s.contact = times("x", lines)) => "too_many_of_seller" "/seller/contact" many(lines, MOST_LINES);
        sold_by(|s| s.footer = times("x", lines)) => "too_many_of_seller" "/seller/footer" many(lines, MOST_LINES);
        sold_by(|s| s.tax_rates = times("1", rates)) => "too_many_of_seller" "/seller/tax_rates" many(rates, MOST_RATES);
        sold_by(|s| s.fonts = times("a.ttf", lines)) => "too_many_of_seller" "/seller/fonts" many(lines, MOST_LINES);
        sold_by(|s| s.locale = "tlh".into()) => "unknown_locale" "/seller/locale" language;
        sold_by(|s| s.invoice_prefix = Some(invoice)) => "invalid_invoice_prefix" "/seller/invoice_prefix" json!({"limit": LONGEST_PREFIX});
        rate("20%") => "invalid_tax_rate" "/seller/tax_rates/1" json!({});
        rate("0.0001") => "invalid_tax_rate" "/seller/tax_rates/1" json!({});
        logo("") => "invalid_file_name" "/seller/logo" json!({});
        logo("/etc/logo.png") => "invalid_file_name" "/seller/logo" json!({});
        logo("lamps/logo.png") => "invalid_file_name" "/seller/logo" json!({});
        logo("lamps\\logo.png") => "invalid_file_name" "/seller/logo" json!({});
        logo("..") => "invalid_file_name" "/seller/logo" json!({});
        logo("a\0.png") => "invalid_file_name" "/seller/logo" json!({});
        sold_by(|s| s.fonts[0] = "c:font.ttf".into()) => "invalid_file_name" "/seller/fonts/0" json!({});
    }
}

fn is_told(platform: &Platform, kind: RejectionKind, row: Row) -> &'static str {
    let (command, code, pointer, figures) = row;
    let name = format!("{code} for {command:?}");
    let refused = decide(platform, command).expect_err(&name);
    assert_eq!(refused.code(), code, "{name}");
    assert_eq!(refused.kind(), kind, "{name}");
    assert_eq!(refused.pointer().unwrap_or_default(), pointer, "{name}");
    let told: Value = refused.figures().into_iter().collect();
    assert_eq!(told, figures, "{name}");
    assert!(!refused.to_string().is_empty());
    code
}

fn all_but_save() -> Vec<PlatformCommand> {
    vec![
        ChangePlatform::default().into(),
        PlatformCommand::Activate,
        PlatformCommand::Deactivate,
    ]
}

#[test]
fn every_refusal_tells_its_code_its_place_and_its_figures() {
    let web = given([web().into()]);
    let mut produced = BTreeSet::new();
    for row in rows().into_iter().chain(rows_of_sellers()) {
        produced.insert(is_told(&web, RejectionKind::Invalid, row));
    }
    let way_back = [PlatformCommand::Archive, PlatformCommand::Restore];
    for command in all_but_save().into_iter().chain(way_back) {
        let row = (command, "platform_not_found", "", json!({}));
        let nobody = Platform::default();
        produced.insert(is_told(&nobody, RejectionKind::NotFound, row));
    }
    for command in all_but_save().into_iter().chain([bare("web").into()]) {
        let row = (command, "platform_archived", "", json!({}));
        produced.insert(is_told(&gone(), RejectionKind::Conflict, row));
    }
    let known: BTreeSet<&str> = Rejection::CODES.iter().copied().collect();
    assert_eq!(produced, known, "each code, and no other");
    assert_eq!(known.len(), Rejection::CODES.len(), "one is there twice");
}

#[test]
fn the_limits_themselves_are_allowed() {
    let longest = "x".repeat(LONGEST);
    for command in [
        expiring(1),
        expiring(MAX_SECONDS),
        with_prefix(&"W".repeat(MAX_PREFIX)),
        with_prefix("2026/"),
        limited(1, 1),
        limited(MAX_REQUESTS, MAX_WINDOW),
        sold_by(|s| s.name = longest.clone()),
        sold_by(|s| s.footer = vec!["x".to_owned(); MOST_LINES]),
        sold_by(|s| s.invoice_prefix = Some(String::new())),
        sold_by(|s| s.tax_rates = vec!["0".to_owned(), "7.125".to_owned(), "100".to_owned()]),
        sold_by(|s| s.logo = Some("Läden & Lampen.png".to_owned())),
    ] {
        let name = format!("{command:?}");
        let events = decide(&given([web().into()]), command).expect(&name);
        assert_eq!(events.len(), 1, "{name}");
    }
}
