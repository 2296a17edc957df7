//! What a seller may consist of: what documents have room for, and can write.

use super::rejection::Rejection;
use crate::money::Percent;
use contracts::platform::Seller;

/// Longest text, in characters.
pub const LONGEST: usize = 200;
/// Most lines of an address, a contact, a footer; most fonts.
pub const MOST_LINES: usize = 8;
/// Longest prefix of invoice numbers, in characters.
pub const LONGEST_PREFIX: usize = 20;
/// Most rates of tax.
pub const MOST_RATES: usize = 50;
/// Longest name of a file, in characters.
pub const LONGEST_FILE_NAME: usize = 255;
/// Digits that a rate may have behind the point.
const RATE_DIGITS: usize = 3;

/// The languages that documents are written in, by their BCP 47 tags.
pub const LOCALES: &[&str] = &["en-GB", "en-US", "de-DE"];

/// Refuses a seller that no document could be made for.
pub fn check(seller: &Seller) -> Result<(), Rejection> {
    text("name", &seller.name)?;
    if seller.address.is_empty() {
        return Err(Rejection::SellerAddressMissing);
    }
    lines("address", &seller.address)?;
    for (member, given) in [
        ("vat_id", &seller.vat_id),
        ("registration", &seller.registration),
    ] {
        given
            .as_deref()
            .map_or(Ok(()), |given| text(member, given))?;
    }
    lines("contact", &seller.contact)?;
    lines("footer", &seller.footer)?;
    if let Some(logo) = &seller.logo {
        file("logo".to_owned(), logo)?;
    }
    if !LOCALES.contains(&seller.locale.as_str()) {
        return Err(Rejection::UnknownLocale {
            given: seller.locale.chars().take(LONGEST).collect(),
        });
    }
    prefix(seller.invoice_prefix.as_deref().unwrap_or_default())?;
    at_most("tax_rates", seller.tax_rates.len(), MOST_RATES)?;
    for (index, rate) in seller.tax_rates.iter().enumerate() {
        if !is_rate(rate) {
            return Err(Rejection::InvalidTaxRate { index });
        }
    }
    at_most("fonts", seller.fonts.len(), MOST_LINES)?;
    for (index, font) in seller.fonts.iter().enumerate() {
        file(format!("fonts/{index}"), font)?;
    }
    Ok(())
}

fn fits(given: &str, longest: usize) -> bool {
    given.chars().count() <= longest && !given.chars().any(char::is_control)
}

fn text(at: impl Into<String>, given: &str) -> Result<(), Rejection> {
    if fits(given, LONGEST) && !given.trim().is_empty() {
        return Ok(());
    }
    let at = at.into();
    Err(Rejection::InvalidSellerText { at, limit: LONGEST })
}

/// Nothing is a prefix, too.
fn prefix(given: &str) -> Result<(), Rejection> {
    if fits(given, LONGEST_PREFIX) {
        return Ok(());
    }
    Err(Rejection::InvalidInvoicePrefix {
        limit: LONGEST_PREFIX,
    })
}

fn lines(member: &'static str, given: &[String]) -> Result<(), Rejection> {
    at_most(member, given.len(), MOST_LINES)?;
    let mut numbered = given.iter().enumerate();
    numbered.try_for_each(|(index, line)| text(format!("{member}/{index}"), line))
}

const fn at_most(member: &'static str, given: usize, limit: usize) -> Result<(), Rejection> {
    if given <= limit {
        return Ok(());
    }
    Err(Rejection::TooManyOfSeller {
        member,
        given,
        limit,
    })
}

/// `0`, or a percentage with few digits.
fn is_rate(rate: &str) -> bool {
    let few = |percent: Percent| {
        let shortest = percent.to_string();
        let fraction = shortest.split_once('.').map_or("", |(_, f)| f);
        fraction.len() <= RATE_DIGITS
    };
    rate == "0" || rate.parse().is_ok_and(few)
}

/// The name of a file and not a path: whoever may change a platform is not to
/// choose what else is read on the machine that makes documents.
fn file(at: String, name: &str) -> Result<(), Rejection> {
    let plain = fits(name, LONGEST_FILE_NAME)
        && !name.is_empty()
        && !name.starts_with('.')
        && !name.contains(['/', '\\', ':']);
    if plain {
        return Ok(());
    }
    Err(Rejection::InvalidFileName { at })
}
