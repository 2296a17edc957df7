//! The body of `POST /v1/orders/import`: exactly the
//! fields that an imported sale has.

use super::ImportError;
use contracts::order::{Address, Customer, Kind, UnitPrice};
use serde::Serialize;
use time::OffsetDateTime;

/// One order to import.
#[derive(Debug, Serialize)]
pub(super) struct OrderBody<'a> {
    /// Slug of the sales channel.
    pub platform: &'a str,
    /// The platform's own number.
    pub external_id: &'a str,
    /// Sale, credit or adjustment.
    pub kind: Kind,
    /// ISO 4217 code.
    pub currency: &'a str,
    /// Left out where the file names nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// In the file's order.
    pub lines: &'a [LineBody],
    /// Only its country.
    pub shipping_address: Address,
    /// Business time.
    #[serde(with = "time::serde::rfc3339")]
    pub placed_at: OffsetDateTime,
}

/// One line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct LineBody {
    /// Stock code.
    pub sku: String,
    /// Description; may be empty.
    pub name: String,
    /// Negative on credits.
    pub quantity: i64,
    /// Minor units, or a decimal in major units.
    pub unit_price: UnitPrice,
}

impl OrderBody<'_> {
    /// The JSON to send.
    pub fn encode(&self) -> Result<Vec<u8>, ImportError> {
        serde_json::to_vec(self).map_err(|source| ImportError::Encode {
            invoice: self.external_id.to_owned(),
            source,
        })
    }
}

/// `import:<platform>:<invoice>` in visible ASCII, as a header wants it: other
/// bytes are percent-encoded.
pub(super) fn idempotency_key(platform: &str, invoice: &str) -> String {
    use std::fmt::Write as _;
    let mut key = format!("import:{platform}:");
    for byte in invoice.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            key.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(key, "%{byte:02X}");
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::idempotency_key;

    #[test]
    fn a_key_is_readable_and_always_a_header_value() {
        assert_eq!(
            idempotency_key("online-retail", "C536379"),
            "import:online-retail:C536379"
        );
        assert_eq!(idempotency_key("p", "a b%é"), "import:p:a%20b%25%C3%A9");
    }
}
