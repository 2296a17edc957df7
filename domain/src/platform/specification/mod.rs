//! The rules of the platform: tables of what is stored and what is refused,
//! properties of any commands, and the stored form of its events.

mod properties;
mod refusals;
mod rules;
mod saving;
mod stored;

use super::{Platform, PlatformCommand, PlatformEvent, SavePlatform, decide, evolve};
use contracts::platform::{self as published, OnCancellation, RateLimit, Seller};

/// A platform of which everything is said.
fn web() -> SavePlatform {
    SavePlatform {
        name: "Web shop".try_into().expect("valid"),
        currency: Some("EUR".parse().expect("known")),
        country: Some("DE".to_owned().try_into().expect("known")),
        prices_include_tax: true,
        auto_confirm: true,
        expire_unpaid_after_seconds: Some(3_600),
        archive_settled_after_seconds: Some(86_400),
        on_cancellation: OnCancellation::Record,
        number_prefix: Some("W-".to_owned()),
        rate_limit: Some(RateLimit {
            requests: 100,
            window_seconds: 60,
        }),
        seller: Some(seller()),
        ..bare("web")
    }
}

/// One of which nothing is said.
fn bare(slug: &str) -> SavePlatform {
    SavePlatform::unsaid(slug.try_into().expect("a slug"))
}

fn seller() -> Seller {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Seller {
        name: "Lamps GmbH".to_owned(),
        address: texts(&["Hauptstr. 1", "10115 Berlin"]),
        vat_id: Some("DE123456789".to_owned()),
        registration: None,
        contact: texts(&["hello@example.com"]),
        footer: texts(&["Thank you"]),
        logo: Some("lamps.png".to_owned()),
        locale: "de-DE".to_owned(),
        paper: published::PaperSize::A4,
        invoice_prefix: Some("R-".to_owned()),
        tax_rates: texts(&["19", "7", "0"]),
        fonts: texts(&["NotoSansJP.ttf"]),
    }
}

/// The platform after these commands, all of them accepted, and the events that
/// they led to.
fn history(commands: impl IntoIterator<Item = PlatformCommand>) -> (Platform, Vec<PlatformEvent>) {
    let mut platform = Platform::default();
    let mut events = Vec::new();
    for command in commands {
        let name = format!("{command:?}");
        let new = decide(&platform, command).unwrap_or_else(|e| panic!("{e:?} for {name}"));
        platform = new.iter().fold(platform, evolve);
        events.extend(new);
    }
    (platform, events)
}

fn given(commands: impl IntoIterator<Item = PlatformCommand>) -> Platform {
    history(commands).0
}

/// Archived.
fn gone() -> Platform {
    given([web().into(), PlatformCommand::Archive])
}
