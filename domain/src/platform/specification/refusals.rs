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

fn rows() -> Vec<Row> {
    let beyond = MAX_SECONDS + 1;
    let long = "x".repeat(LONGEST + 1);
    let elsewhere = SavePlatform {
        country: Some("QQ".to_owned().try_into().expect("two letters")),
        ..web()
    };
    let idle = ChangePlatform {
        archive_settled_after_seconds: Some(Some(beyond)),
        ..ChangePlatform::default()
    };
    let seconds =
        |seconds, least| json!({"seconds": seconds, "least": least, "limit": MAX_SECONDS});
    let prefix = json!({"limit": MAX_PREFIX});
    let rate = |requests: u32, window: u32| {
        json!({"requests": requests, "window_seconds": window,
        "most_requests": MAX_REQUESTS, "longest_window": MAX_WINDOW})
    };
    let text = json!({"limit": LONGEST});
    let many = |given: usize, limit: usize| json!({"given": given, "limit": limit});
    vec![
        (
            bare("shop").into(),
            "slug_fixed",
            "/slug",
            json!({"slug": "web", "given": "shop"}),
        ),
        (elsewhere.into(), "unknown_country", "/country", json!({})),
        (
            expiring(0),
            "seconds_out_of_range",
            "/expire_unpaid_after_seconds",
            seconds(0, 1),
        ),
        (
            expiring(beyond),
            "seconds_out_of_range",
            "/expire_unpaid_after_seconds",
            seconds(beyond, 1),
        ),
        (
            idle.into(),
            "seconds_out_of_range",
            "/archive_settled_after_seconds",
            seconds(beyond, 0),
        ),
        (
            with_prefix(""),
            "invalid_number_prefix",
            "/number_prefix",
            prefix.clone(),
        ),
        (
            with_prefix("W 1-"),
            "invalid_number_prefix",
            "/number_prefix",
            prefix.clone(),
        ),
        (
            with_prefix("W\n"),
            "invalid_number_prefix",
            "/number_prefix",
            prefix.clone(),
        ),
        (
            with_prefix("W1"),
            "invalid_number_prefix",
            "/number_prefix",
            prefix.clone(),
        ),
        (
            with_prefix(&"W".repeat(MAX_PREFIX + 1)),
            "invalid_number_prefix",
            "/number_prefix",
            prefix,
        ),
        (
            limited(0, 1),
            "rate_limit_out_of_range",
            "/rate_limit",
            rate(0, 1),
        ),
        (
            limited(1, 0),
            "rate_limit_out_of_range",
            "/rate_limit",
            rate(1, 0),
        ),
        (
            limited(MAX_REQUESTS + 1, 1),
            "rate_limit_out_of_range",
            "/rate_limit",
            rate(MAX_REQUESTS + 1, 1),
        ),
        (
            limited(1, MAX_WINDOW + 1),
            "rate_limit_out_of_range",
            "/rate_limit",
            rate(1, MAX_WINDOW + 1),
        ),
        (
            sold_by(|s| s.name = " ".to_owned()),
            "invalid_seller_text",
            "/seller/name",
            text.clone(),
        ),
        (
            sold_by(|s| s.name = long.clone()),
            "invalid_seller_text",
            "/seller/name",
            text.clone(),
        ),
        (
            sold_by(|s| s.address[1] = "a\nb".to_owned()),
            "invalid_seller_text",
            "/seller/address/1",
            text.clone(),
        ),
        (
            sold_by(|s| s.vat_id = Some(String::new())),
            "invalid_seller_text",
            "/seller/vat_id",
            text.clone(),
        ),
        (
            sold_by(|s| s.registration = Some(long.clone())),
            "invalid_seller_text",
            "/seller/registration",
            text.clone(),
        ),
        (
            sold_by(|s| s.contact[0] = String::new()),
            "invalid_seller_text",
            "/seller/contact/0",
            text.clone(),
        ),
        (
            sold_by(|s| s.footer[0] = String::new()),
            "invalid_seller_text",
            "/seller/footer/0",
            text,
        ),
        (
            sold_by(|s| s.address.clear()),
            "seller_address_missing",
            "/seller/address",
            json!({}),
        ),
        (
            sold_by(|s| s.footer = vec!["x".to_owned(); MOST_LINES + 1]),
            "too_many_of_seller",
            "/seller/footer",
            many(MOST_LINES + 1, MOST_LINES),
        ),
        (
            sold_by(|s| s.tax_rates = vec!["1".to_owned(); MOST_RATES + 1]),
            "too_many_of_seller",
            "/seller/tax_rates",
            many(MOST_RATES + 1, MOST_RATES),
        ),
        (
            sold_by(|s| s.fonts = vec!["a.ttf".to_owned(); MOST_LINES + 1]),
            "too_many_of_seller",
            "/seller/fonts",
            many(MOST_LINES + 1, MOST_LINES),
        ),
        (
            sold_by(|s| s.locale = "tlh".to_owned()),
            "unknown_locale",
            "/seller/locale",
            json!({"given": "tlh", "known": LOCALES}),
        ),
        (
            sold_by(|s| s.invoice_prefix = Some("x".repeat(LONGEST_PREFIX + 1))),
            "invalid_invoice_prefix",
            "/seller/invoice_prefix",
            json!({"limit": LONGEST_PREFIX}),
        ),
        (
            sold_by(|s| s.tax_rates[1] = "20%".to_owned()),
            "invalid_tax_rate",
            "/seller/tax_rates/1",
            json!({}),
        ),
        (
            sold_by(|s| s.tax_rates[0] = "0.0001".to_owned()),
            "invalid_tax_rate",
            "/seller/tax_rates/0",
            json!({}),
        ),
        (
            sold_by(|s| s.logo = Some("../../etc/passwd".to_owned())),
            "invalid_file_name",
            "/seller/logo",
            json!({}),
        ),
        (
            sold_by(|s| s.logo = Some(".hidden.png".to_owned())),
            "invalid_file_name",
            "/seller/logo",
            json!({}),
        ),
        (
            sold_by(|s| s.fonts[0] = "c:font.ttf".to_owned()),
            "invalid_file_name",
            "/seller/fonts/0",
            json!({}),
        ),
    ]
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
    for row in rows() {
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
