//! Who sells where, with their files, as configured.

use super::fingerprint::fingerprint;
use contracts::order::Order;
use documents::{
    FallbackFont, FontError, InvalidRate, Logo, LogoError, Paper, Seller, UnknownLocale,
};
use infra::{
    platforms::Platforms,
    seller::{PaperSize, SellerSettings},
};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The longest text and the most lines that a page has room for beside the
/// lines of an order.
const LONGEST: usize = 200;
const MOST_LINES: usize = 8;
const LONGEST_PREFIX: usize = 20;

/// The name under which the seller of all other channels stands.
const OTHERS: &str = "default";

/// A seller with its files.
pub struct KnownSeller {
    /// What documents say of it.
    pub seller: Seller,
    /// A hash of that.
    pub fingerprint: [u8; 32],
}

/// The sellers, by channel; none under a channel that has settings without one.
pub struct Sellers(BTreeMap<String, Option<Arc<KnownSeller>>>);

/// A seller that no document can be made for.
#[derive(Debug, thiserror::Error)]
#[error("platforms.{platform}.seller.{key} cannot be used")]
pub struct SellerError {
    platform: String,
    key: &'static str,
    #[source]
    reason: Reason,
}

#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error("a text of 1 to {LONGEST} characters without control characters is expected")]
    Text,
    #[error("at most {LONGEST_PREFIX} characters without control characters are expected")]
    Prefix,
    #[error("1 to {MOST_LINES} lines are expected")]
    NoLines,
    #[error("at most {MOST_LINES} lines are expected")]
    TooManyLines,
    #[error("with name, address, registers and contact it takes more than a third of each page")]
    NoRoom,
    #[error("{} cannot be read", .0.display())]
    File(PathBuf, #[source] io::Error),
    #[error("{} is no logo", .0.display())]
    Logo(PathBuf, #[source] LogoError),
    #[error("{} is no font", .0.display())]
    Font(PathBuf, #[source] FontError),
    #[error(transparent)]
    Locale(#[from] UnknownLocale),
    #[error(transparent)]
    Rate(#[from] InvalidRate),
}

impl Sellers {
    /// The sellers of the configuration.
    ///
    /// # Errors
    /// The first text, file or number of one that cannot be used.
    pub fn load(platforms: &Platforms) -> Result<Self, SellerError> {
        let mut sellers = BTreeMap::new();
        for (platform, settings) in platforms.iter() {
            let known = match &settings.seller {
                Some(settings) => Some(known(settings).map_err(|(key, reason)| SellerError {
                    platform: platform.to_owned(),
                    key,
                    reason,
                })?),
                None => None,
            };
            sellers.insert(platform.to_owned(), known.map(Arc::new));
        }
        Ok(Self(sellers))
    }

    /// Who sells on the channel of an order.
    pub fn of(&self, order: &Order) -> Option<Arc<KnownSeller>> {
        let found = self.0.get(&order.platform).or_else(|| self.0.get(OTHERS));
        found.cloned().flatten()
    }
}

type Failed = (&'static str, Reason);

fn known(settings: &SellerSettings) -> Result<KnownSeller, Failed> {
    let seller = seller(settings)?;
    if !documents::leaves_room(&seller) {
        return Err(("footer", Reason::NoRoom));
    }
    let fingerprint = fingerprint(&seller);
    Ok(KnownSeller {
        seller,
        fingerprint,
    })
}

fn seller(settings: &SellerSettings) -> Result<Seller, Failed> {
    let some = |key: &'static str, given: &Option<String>| {
        given.as_deref().map(|given| text(key, given)).transpose()
    };
    if settings.address.is_empty() {
        return Err(("address", Reason::NoLines));
    }
    let locale = settings.locale.parse();
    let rates = settings.tax_rates.iter().map(|rate| rate.parse());
    let rates: Result<_, _> = rates.collect();
    Ok(Seller {
        name: text("name", &settings.name)?,
        address: lines("address", &settings.address)?,
        vat_id: some("vat_id", &settings.vat_id)?,
        registration: some("registration", &settings.registration)?,
        contact: lines("contact", &settings.contact)?,
        footer: lines("footer", &settings.footer)?,
        logo: settings.logo.as_deref().map(logo).transpose()?,
        locale: locale.map_err(|error: UnknownLocale| ("locale", error.into()))?,
        paper: match settings.paper {
            PaperSize::A4 => Paper::A4,
            PaperSize::Letter => Paper::Letter,
        },
        invoice_prefix: settings.invoice_prefix.as_deref().map(prefix).transpose()?,
        tax_rates: rates.map_err(|error: InvalidRate| ("tax_rates", error.into()))?,
        fonts: settings
            .fonts
            .iter()
            .map(|file| font(file))
            .collect::<Result<_, _>>()?,
    })
}

fn text(key: &'static str, given: &str) -> Result<String, Failed> {
    let fits = (1..=LONGEST).contains(&given.chars().count());
    if !fits || given.trim().is_empty() || given.chars().any(char::is_control) {
        return Err((key, Reason::Text));
    }
    Ok(given.to_owned())
}

/// Nothing is a prefix, too.
fn prefix(given: &str) -> Result<String, Failed> {
    if given.chars().count() > LONGEST_PREFIX || given.chars().any(char::is_control) {
        return Err(("invoice_prefix", Reason::Prefix));
    }
    Ok(given.to_owned())
}

fn lines(key: &'static str, given: &[String]) -> Result<Vec<String>, Failed> {
    if given.len() > MOST_LINES {
        return Err((key, Reason::TooManyLines));
    }
    given.iter().map(|line| text(key, line)).collect()
}

fn logo(file: &Path) -> Result<Logo, Failed> {
    let bytes = read("logo", file)?;
    Logo::new(bytes).map_err(|error| ("logo", Reason::Logo(file.to_owned(), error)))
}

fn font(file: &Path) -> Result<FallbackFont, Failed> {
    let bytes = read("fonts", file)?;
    FallbackFont::new(bytes).map_err(|error| ("fonts", Reason::Font(file.to_owned(), error)))
}

fn read(key: &'static str, file: &Path) -> Result<Vec<u8>, Failed> {
    fs::read(file).map_err(|error| (key, Reason::File(file.to_owned(), error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use infra::lifecycle::error_chain;
    use serde_json::{Value, json};

    fn load(seller: &Value) -> Result<Sellers, String> {
        let platforms = json!({"web": {"seller": seller}, "pos": {}});
        let platforms: Platforms = serde_json::from_value(platforms).expect("settings");
        Sellers::load(&platforms).map_err(|error| error_chain(&error))
    }

    fn seller() -> Value {
        json!({"name": "Lamps Ltd", "address": ["1 High Street", "London"]})
    }

    #[test]
    fn a_seller_needs_a_name_and_an_address_only() {
        let sellers = load(&seller()).expect("a seller");
        let known = |slug: &str| sellers.0.get(slug).cloned().flatten();
        assert_eq!(known("web").expect("a seller").seller.name, "Lamps Ltd");
        assert!(known("pos").is_none(), "settings without a seller");
    }

    #[test]
    fn what_cannot_be_printed_is_named_at_the_start() {
        for (key, value, reason) in [
            ("name", json!(""), "1 to 200 characters"),
            ("name", json!("a\nb"), "without control characters"),
            ("address", json!([]), "1 to 8 lines"),
            (
                "contact",
                json!(["x", "x", "x", "x", "x", "x", "x", "x", "x"]),
                "at most 8 lines",
            ),
            ("footer", json!([" "]), "1 to 200 characters"),
            (
                "footer",
                json!([
                    "w".repeat(200),
                    "w".repeat(200),
                    "w".repeat(200),
                    "w".repeat(200),
                    "w".repeat(200),
                    "w".repeat(200),
                    "w".repeat(200)
                ]),
                "more than a third",
            ),
            ("vat_id", json!("x".repeat(201)), "1 to 200 characters"),
            ("locale", json!("tlh"), "en-GB, en-US, de-DE"),
            ("tax_rates", json!(["20%"]), "\"20%\" is no tax rate"),
            (
                "logo",
                json!("/nowhere/logo.png"),
                "/nowhere/logo.png cannot be read",
            ),
            ("logo", json!("/dev/null"), "/dev/null is no logo"),
            ("fonts", json!(["/dev/null"]), "/dev/null is no font"),
        ] {
            let mut wrong = seller();
            wrong[key] = value;
            let Err(error) = load(&wrong) else {
                panic!("{key} was taken");
            };
            let begin = format!("platforms.web.seller.{key} cannot be used: ");
            assert!(
                error.starts_with(&begin) && error.contains(reason),
                "{error}"
            );
        }
    }

    #[test]
    fn another_seller_makes_other_documents() {
        let of = |name: &str| {
            let mut seller = seller();
            seller["name"] = json!(name);
            let sellers = load(&seller).expect("a seller");
            let known = sellers.0.get("web").cloned().flatten();
            known.expect("a seller").fingerprint
        };
        assert_eq!(of("A"), of("A"));
        assert_ne!(of("A"), of("B"));
    }
}
