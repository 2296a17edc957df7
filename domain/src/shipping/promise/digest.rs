//! What stands for something that is too long to be carried.

use crate::{
    money::{Currency, Price},
    shipping::priced::PricedLine,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// A SHA-256; as text in hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

/// Text that is no such digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest has 64 hexadecimal digits")]
pub struct InvalidDigest;

impl Digest {
    /// Of a text.
    pub fn of_text(text: &str) -> Self {
        Self::of(text.as_bytes())
    }

    /// Of lines, each article at each price once: neither their order nor how
    /// they were split makes a difference. Prices count in the one form by which
    /// they are compared.
    pub fn of_lines(lines: &[PricedLine], currency: Currency) -> Self {
        let mut sums: BTreeMap<_, (i128, i128)> = BTreeMap::new();
        for line in lines {
            let (digits, scale) = match line.unit_price.normalised(currency) {
                Price::Minor(minor) => (minor, None),
                Price::Major { mantissa, scale } => (mantissa, Some(scale)),
            };
            let (quantity, discount) = sums.entry((&*line.sku, digits, scale)).or_default();
            *quantity += i128::from(line.quantity);
            *discount += i128::from(line.discount);
        }
        let mut bytes = Vec::new();
        for ((sku, digits, scale), (quantity, discount)) in sums {
            bytes.extend_from_slice(&(sku.len() as u64).to_be_bytes());
            bytes.extend_from_slice(sku.as_bytes());
            bytes.extend_from_slice(&digits.to_be_bytes());
            // No price has that many digits behind the point.
            bytes.push(scale.unwrap_or(u8::MAX));
            bytes.extend_from_slice(&quantity.to_be_bytes());
            bytes.extend_from_slice(&discount.to_be_bytes());
        }
        Self::of(&bytes)
    }

    fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        let digits = digest.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect()
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Self, InvalidDigest> {
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
            .collect();
        let digits = digits.filter(|digits| digits.len() == 64);
        let digits = digits.ok_or(InvalidDigest)?;
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = digits.iter().fold(0, |byte, digit| (byte << 4) | digit);
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_and_other_text_is_none() {
        let digest = Digest::of_text("Standard");
        let text = String::from(digest);
        assert!(text.starts_with("ef669154"), "{text}");
        assert_eq!(Digest::try_from(text.clone()), Ok(digest));
        for wrong in [
            "",
            "0",
            &text[1..],
            &format!("{text}0"),
            &format!("{text}00"),
        ] {
            assert_eq!(Digest::try_from(wrong.to_owned()), Err(InvalidDigest));
        }
        let wrong = text.replacen('6', "g", 1);
        assert_eq!(Digest::try_from(wrong), Err(InvalidDigest));
    }
}
