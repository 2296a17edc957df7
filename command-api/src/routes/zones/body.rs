//! Parts of a shipping zone as requests have them.

use domain::{country::Country, shipping::zone::NewPostalCodes, text::Id};
use serde::Deserialize;
use utoipa::ToSchema;

/// Postal codes of one country, in any case and with any separators: either all
/// that begin with `prefix`, or all whose beginning lies in `from` to `to`, both
/// included.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"country": "GB", "prefix": "SW1"}))]
pub struct PostalCodesBody {
    /// ISO 3166-1 alpha-2.
    #[schema(value_type = String)]
    country: Country,
    /// How they begin.
    #[schema(value_type = Option<String>)]
    prefix: Option<Id>,
    /// The first beginning.
    #[schema(value_type = Option<String>)]
    from: Option<Id>,
    /// The last one.
    #[schema(value_type = Option<String>)]
    to: Option<Id>,
}

/// Postal codes of which a body says how they begin, or where they lie.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "PostalCodesBody")]
pub struct PostalCodes(NewPostalCodes);

/// Postal codes that are neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("postal codes have either a `prefix`, or `from` and `to`")]
pub struct NeitherForm;

impl TryFrom<PostalCodesBody> for PostalCodes {
    type Error = NeitherForm;

    fn try_from(body: PostalCodesBody) -> Result<Self, NeitherForm> {
        let country = body.country;
        Ok(Self(match (body.prefix, body.from, body.to) {
            (Some(prefix), None, None) => NewPostalCodes::Beginning { country, prefix },
            (None, Some(from), Some(to)) => NewPostalCodes::Range { country, from, to },
            _ => return Err(NeitherForm),
        }))
    }
}

impl From<PostalCodes> for NewPostalCodes {
    fn from(codes: PostalCodes) -> Self {
        codes.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postal_codes_have_one_of_two_forms() {
        for (text, fits) in [
            (r#"{"country": "GB", "prefix": "SW1"}"#, true),
            (r#"{"country": "DE", "from": "01000", "to": "01999"}"#, true),
            (r#"{"country": "DE"}"#, false),
            (r#"{"country": "DE", "from": "01000"}"#, false),
            (
                r#"{"country": "DE", "prefix": "0", "from": "01000", "to": "01999"}"#,
                false,
            ),
            (r#"{"country": "DE", "prefix": "0", "town": "x"}"#, false),
        ] {
            let read = serde_json::from_str::<PostalCodes>(text);
            assert_eq!(read.is_ok(), fits, "{text}");
        }
    }
}
