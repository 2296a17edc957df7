//! The body of `POST /v1/orders/import`. What a file does not say is left out:
//! the text of a body is what a repeat is known by.

use super::ImportError;
use contracts::order::{Address, Customer, Kind, RefundPurpose, UnitPrice};
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

/// One order to import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderBody<'a> {
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
    pub lines: Vec<LineBody>,
    /// How it was shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping: Option<ShippingBody>,
    /// Where the bill went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// Where the goods went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address>,
    /// Business time.
    #[serde(with = "time::serde::rfc3339")]
    pub placed_at: OffsetDateTime,
    /// Labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Payments; the first one is `p1`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<PaymentBody>,
    /// Refunds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<RefundBody>,
    /// Fulfilments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fulfillments: Vec<FulfillmentBody>,
    /// Goods that came back; the first is `r1`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<ReturnBody>,
    /// That it was called off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<CancellationBody>,
}

/// One line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineBody {
    /// Stock code.
    pub sku: String,
    /// Description; may be empty.
    pub name: String,
    /// Negative on credits.
    pub quantity: i64,
    /// Minor units, or a decimal in major units.
    pub unit_price: UnitPrice,
    /// On the whole line.
    #[serde(skip_serializing_if = "is_zero")]
    pub tax: i64,
    /// On the whole line.
    #[serde(skip_serializing_if = "is_zero")]
    pub discount: i64,
}

/// How it was shipped. Amounts in minor units, like all that follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShippingBody {
    /// Code of the method.
    pub method: String,
    /// Its name.
    pub name: String,
    /// Charge.
    pub amount: i64,
    /// Tax on it.
    #[serde(skip_serializing_if = "is_zero")]
    pub tax: i64,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentBody {
    /// Authorised.
    pub amount: i64,
    /// Captured of it.
    pub captured: i64,
    /// Who moved the money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The provider's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When it was captured.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub captured_at: Option<OffsetDateTime>,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundBody {
    /// Payment that the money went back to.
    pub payment: String,
    /// How much.
    pub amount: i64,
    /// What it was for.
    pub purpose: RefundPurpose,
    /// The return that it was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_id: Option<String>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub refunded_at: Option<OffsetDateTime>,
}

/// A fulfilment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FulfillmentBody {
    /// What was in it; everything that is left, if none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<UnitsBody>,
    /// Who carried it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// Where to look it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
    /// When it was shipped.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub shipped_at: Option<OffsetDateTime>,
    /// When it was delivered.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub delivered_at: Option<OffsetDateTime>,
}

/// Some units of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitsBody {
    /// Id of the line: the first one is `l1`.
    pub line: String,
    /// How many.
    pub quantity: i64,
}

/// Goods that came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReturnBody {
    /// What came, each line once.
    pub lines: Vec<ReturnedBody>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub returned_at: Option<OffsetDateTime>,
}

/// Some units of a line that came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReturnedBody {
    /// Id of the line.
    pub line: String,
    /// How many.
    pub quantity: i64,
    /// Whether they can be sold again.
    pub resellable: bool,
}

/// That it was called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CancellationBody {
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub cancelled_at: Option<OffsetDateTime>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like this")]
const fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

impl<'a> OrderBody<'a> {
    /// An order of this (platform, external id, currency) and nothing else.
    pub const fn new(
        (platform, external_id, currency): (&'a str, &'a str, &'a str),
        kind: Kind,
        placed_at: OffsetDateTime,
    ) -> Self {
        Self {
            platform,
            external_id,
            kind,
            currency,
            customer: None,
            lines: Vec::new(),
            shipping: None,
            billing_address: None,
            shipping_address: None,
            placed_at,
            tags: Vec::new(),
            payments: Vec::new(),
            refunds: Vec::new(),
            fulfillments: Vec::new(),
            returns: Vec::new(),
            cancellation: None,
        }
    }

    /// The JSON to send.
    pub fn encode(&self) -> Result<Vec<u8>, ImportError> {
        serde_json::to_vec(self).map_err(|source| ImportError::Encode {
            invoice: self.external_id.to_owned(),
            source,
        })
    }
}

/// Longest key that the API takes, in bytes.
const LONGEST_KEY: usize = 255;
/// Of the names that longer ones get.
const LONG_KEYS: Uuid = Uuid::from_u128(0x6f72_6465_726c_6f67_8001_696d_706f_7274);

/// `import:<platform>:<invoice>` in visible ASCII, as a header wants it: other
/// bytes are percent-encoded. Where that is too long for a key, a name made of
/// it stands for it.
pub fn idempotency_key(platform: &str, invoice: &str) -> String {
    let key = format!("import:{}:{}", visible(platform), visible(invoice));
    if key.len() <= LONGEST_KEY {
        return key;
    }
    format!("import:{}", Uuid::new_v5(&LONG_KEYS, key.as_bytes()))
}

fn visible(text: &str) -> String {
    use std::fmt::Write as _;
    let mut visible = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            visible.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(visible, "%{byte:02X}");
        }
    }
    visible
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
        // Whatever stands where a slug should: a key is on one line.
        assert_eq!(idempotency_key("a\nb", "1"), "import:a%0Ab:1");
    }

    #[test]
    fn an_external_id_that_is_too_long_for_a_key_has_one_all_the_same() {
        let (one, other) = ("訂".repeat(100), "訂".repeat(101));
        let key = idempotency_key("web", &one);
        assert!(key.len() <= 255 && key.is_ascii(), "{key}");
        assert_eq!(key, idempotency_key("web", &one));
        assert_ne!(key, idempotency_key("web", &other));
        assert_ne!(key, idempotency_key("shop", &one));
    }
}
