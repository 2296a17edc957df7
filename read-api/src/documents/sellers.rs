//! Who sells where, with their files: as somebody has saved it, else as configured.

use super::fingerprint::fingerprint;
use crate::{
    log::Log,
    problems::{no_seller, seller_unusable},
};
use documents::{
    FallbackFont, FontError, InvalidRate, Logo, LogoError, Paper, Seller, UnknownLocale,
};
use domain::ids::platform_id;
use infra::{
    clock,
    config::Config,
    http::Problem,
    lifecycle::error_chain,
    platforms,
    seller::{PaperSize, SellerSettings},
};
use moka::future::Cache;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use time::OffsetDateTime;
use tokio::task::spawn_blocking;

/// Sellers of saved platforms in memory, and for how long: a file may be replaced.
const SAVED: u64 = 200;
const KEPT: Duration = Duration::from_mins(1);
/// After how many seconds to ask a log again that does not answer.
const AGAIN: u64 = 1;
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

/// The sellers of all channels.
pub struct Sellers {
    /// By channel; none under a channel that has settings without one.
    configured: BTreeMap<String, Option<Arc<KnownSeller>>>,
    /// Where files are that saved sellers name; empty: nowhere.
    files: PathBuf,
    /// Those of platforms that were saved, by slug and version.
    saved: Cache<(String, i64), Arc<KnownSeller>>,
}

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
    /// The sellers of the configuration, and the folder of the files of others.
    ///
    /// # Errors
    /// The first text, file or number of one that cannot be used.
    pub fn load(config: &Config) -> Result<Self, SellerError> {
        let mut configured = BTreeMap::new();
        for (platform, settings) in config.platforms.iter() {
            let known = match &settings.seller {
                Some(settings) => Some(known(settings).map_err(|(key, reason)| SellerError {
                    platform: platform.to_owned(),
                    key,
                    reason,
                })?),
                None => None,
            };
            configured.insert(platform.to_owned(), known.map(Arc::new));
        }
        let saved = Cache::builder().max_capacity(SAVED).time_to_live(KEPT);
        Ok(Self {
            configured,
            files: PathBuf::from(&config.document_files),
            saved: saved.build(),
        })
    }

    /// Who sold on a channel at a moment: as the log has it, else as configured. A
    /// channel that was saved only later sells as it is now.
    ///
    /// # Errors
    /// 409 where nobody has said, or it leaves no room on a page, or its files are not
    /// there; 503 where the log does not answer.
    pub async fn of(
        &self,
        log: &Log,
        platform: &str,
        moment: OffsetDateTime,
    ) -> Result<Arc<KnownSeller>, Problem> {
        if let Some(seller) = self.saved_by(log, platform, moment).await? {
            return Ok(seller);
        }
        let configured = self.configured.get(platform);
        let configured = configured.or_else(|| self.configured.get(OTHERS));
        if let Some(seller) = configured.cloned().flatten() {
            return Ok(seller);
        }
        let now = self.saved_by(log, platform, clock::now()).await?;
        now.ok_or_else(|| no_seller(platform))
    }

    async fn saved_by(
        &self,
        log: &Log,
        platform: &str,
        moment: OffsetDateTime,
    ) -> Result<Option<Arc<KnownSeller>>, Problem> {
        let id = platform_id(platform);
        let saved = platforms::as_of(&log.reader, log.mapping.as_ref(), id, moment).await;
        let saved = saved.map_err(|error| Problem::unavailable(AGAIN).caused_by(&*error))?;
        let Some((saved, version)) = saved else {
            return Ok(None);
        };
        let Some(seller) = saved.seller else {
            return Ok(None);
        };
        let key = (platform.to_owned(), version);
        if let Some(known) = self.saved.get(&key).await {
            return Ok(Some(known));
        }
        let has_files = seller.logo.is_some() || !seller.fonts.is_empty();
        if has_files && self.files.as_os_str().is_empty() {
            return Err(seller_unusable(
                "it names files, and document_files names no folder",
            ));
        }
        let settings = self.settings(seller);
        let read = spawn_blocking(move || known(&settings)).await;
        let known = read.map_err(Problem::internal)?.map_err(|(key, reason)| {
            let reason = error_chain(&reason);
            seller_unusable(&format!("/seller/{key}: {reason}"))
        })?;
        let known = Arc::new(known);
        self.saved.insert(key, Arc::clone(&known)).await;
        Ok(Some(known))
    }

    /// What a platform says of its seller, as settings say it; files by their paths.
    fn settings(&self, seller: contracts::platform::Seller) -> SellerSettings {
        let file = |name: String| self.files.join(name);
        SellerSettings {
            name: seller.name,
            address: seller.address,
            vat_id: seller.vat_id,
            registration: seller.registration,
            contact: seller.contact,
            footer: seller.footer,
            logo: seller.logo.map(file),
            locale: seller.locale,
            paper: match seller.paper {
                contracts::platform::PaperSize::A4 => PaperSize::A4,
                contracts::platform::PaperSize::Letter => PaperSize::Letter,
            },
            invoice_prefix: seller.invoice_prefix,
            tax_rates: seller.tax_rates,
            fonts: seller.fonts.into_iter().map(file).collect(),
        }
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
    use serde_json::{Value, json};

    fn load(seller: &Value) -> Result<Sellers, String> {
        let platforms = json!({"web": {"seller": seller}, "pos": {}});
        let config = Config {
            platforms: serde_json::from_value(platforms).expect("settings"),
            ..Config::default()
        };
        Sellers::load(&config).map_err(|error| error_chain(&error))
    }

    fn seller() -> Value {
        json!({"name": "Lamps Ltd", "address": ["1 High Street", "London"]})
    }

    #[test]
    fn a_seller_needs_a_name_and_an_address_only() {
        let sellers = load(&seller()).expect("a seller");
        let known = |slug: &str| sellers.configured.get(slug).cloned().flatten();
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
            let known = sellers.configured.get("web").cloned().flatten();
            known.expect("a seller").fingerprint
        };
        assert_eq!(of("A"), of("A"));
        assert_ne!(of("A"), of("B"));
    }
}
