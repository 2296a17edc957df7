//! Tokens of an identity provider: JSON Web Tokens (RFC 7519, RFC 9068), signed with
//! keys that the provider publishes as a JSON Web Key Set (RFC 7517). Off unless
//! `jwt_jwks_url` is set.

mod keys;

use crate::{
    api_keys::Scopes,
    config::Config,
    tls::{Authorities, TlsError},
};
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use keys::KeySet;
use serde_json::{Map, Value};
use std::sync::Arc;
use time::OffsetDateTime;

pub use keys::KeysAway;

/// Signatures that are taken: those for which the provider alone has the key.
const ALGORITHMS: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// Longest `sub`: with what stands before it, it is an actor of 255 characters.
const LONGEST_SUBJECT: usize = 250;
/// What stands before it: ids of keys begin otherwise.
const PREFIX: &str = "jwt:";

/// Tokens cannot be taken as configured.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// Without them, tokens for anybody would be taken.
    #[error("jwt_jwks_url needs jwt_issuer and jwt_audience")]
    Unbound,
    /// `tls_ca_file` cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no way to ask for the keys.
    #[error("jwt_jwks_url cannot be used")]
    Url(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Who a token says that its bearer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// `jwt:` and the token's `sub`.
    pub id: String,
    /// What the token is for: those of its scopes that there are.
    pub scopes: Scopes,
    /// The only platform that it has to do with; none: all.
    pub platform: Option<String>,
    /// When the token ends.
    pub ends: OffsetDateTime,
}

/// Verifies tokens; cheap to clone.
#[derive(Debug, Clone)]
pub struct Tokens {
    keys: Arc<KeySet>,
    rules: Arc<Rules>,
}

#[derive(Debug)]
struct Rules {
    issuer: String,
    audience: String,
    leeway: u64,
    platform_claim: String,
}

impl Tokens {
    /// As configured; none where no tokens are taken.
    ///
    /// # Errors
    /// When the configuration contradicts itself.
    pub fn of(config: &Config) -> Result<Option<Self>, TokensError> {
        if config.jwt_jwks_url.is_empty() {
            return Ok(None);
        }
        if config.jwt_issuer.is_empty() || config.jwt_audience.is_empty() {
            return Err(TokensError::Unbound);
        }
        let rules = Rules {
            issuer: config.jwt_issuer.clone(),
            audience: config.jwt_audience.clone(),
            leeway: config.jwt_leeway_seconds,
            platform_claim: config.jwt_platform_claim.clone(),
        };
        Ok(Some(Self {
            keys: Arc::new(KeySet::new(
                &config.jwt_jwks_url,
                &Authorities::of(config)?,
            )?),
            rules: Arc::new(rules),
        }))
    }

    /// Whether a text has the form of a token: three parts.
    pub fn are_like(text: &str) -> bool {
        text.split('.').count() == 3
    }

    /// Who bears this token; none where it is not to be trusted, is for somebody
    /// else, or is not valid at this time.
    ///
    /// # Errors
    /// When the provider's keys are not known and cannot be asked for.
    pub async fn verify(&self, token: &str) -> Result<Option<Bearer>, KeysAway> {
        let Ok(header) = decode_header(token) else {
            return Ok(None);
        };
        if !ALGORITHMS.contains(&header.alg) {
            return Ok(None);
        }
        let Some(key) = self.keys.find(header.kid.as_deref(), header.alg).await? else {
            return Ok(None);
        };
        let claims = decode::<Map<String, Value>>(token, &key, &self.rules.validation(header.alg));
        Ok(claims
            .ok()
            .and_then(|verified| self.rules.bearer(&verified.claims)))
    }
}

impl Rules {
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = self.leeway;
        validation
    }

    /// None where it does not say who it is of, or says it so that it cannot be
    /// told. A token always names its scopes: one that names none is for nothing.
    fn bearer(&self, claims: &Map<String, Value>) -> Option<Bearer> {
        let subject = claims.get("sub")?.as_str()?;
        let usable = !subject.is_empty() && subject.len() <= LONGEST_SUBJECT;
        if !usable || subject.chars().any(char::is_control) {
            return None;
        }
        let platform = match claims.get(&self.platform_claim) {
            None | Some(Value::Null) => None,
            Some(Value::String(platform)) if is_slug(platform) => Some(platform.clone()),
            // Of a form that nobody knows what it limits.
            Some(_) => return None,
        };
        Some(Bearer {
            id: format!("{PREFIX}{subject}"),
            scopes: Scopes::new(Some(scopes(claims))),
            platform,
            ends: OffsetDateTime::from_unix_timestamp(claims.get("exp")?.as_i64()?).ok()?,
        })
    }
}

/// Whether a text may be that of a platform: never a list of them.
fn is_slug(text: &str) -> bool {
    let separates = |character: char| character == ',' || character.is_control();
    !text.is_empty() && !text.contains(separates)
}

/// `scope` is one text (RFC 8693 §4.2); some providers say `scp`, and list them.
fn scopes(claims: &Map<String, Value>) -> Vec<String> {
    let told = |name: &str| claims.get(name).filter(|told| !told.is_null());
    let told = told("scope").or_else(|| told("scp"));
    let names: Vec<&str> = match told {
        Some(Value::String(text)) => text.split(' ').collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let known = names.into_iter().filter(|name| Scopes::is_known(name));
    known.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bearer(claims: &Value) -> Option<Bearer> {
        let rules = Rules {
            issuer: "i".into(),
            audience: "a".into(),
            leeway: 60,
            platform_claim: "platform".into(),
        };
        rules.bearer(claims.as_object()?)
    }

    #[test]
    fn a_token_is_for_the_scopes_that_it_names_and_no_others() {
        for claims in [
            json!({"exp": 9, "sub": "u1", "scope": "openid orders:read orders:write"}),
            json!({"exp": 9, "sub": "u1", "scp": ["orders:read", "orders:write", 7]}),
        ] {
            let bearer = bearer(&claims).expect("usable");
            let named = bearer.scopes.named().expect("named");
            assert_eq!(named, ["orders:read", "orders:write"], "{claims}");
            assert_eq!((&*bearer.id, bearer.platform), ("jwt:u1", None));
        }
        let none = bearer(&json!({"exp": 9, "sub": "u1"})).expect("usable");
        assert_eq!(none.scopes.named(), Some(&[][..]));
    }

    #[test]
    fn what_cannot_be_told_is_not_taken() {
        let long = "x".repeat(251);
        for claims in [
            json!({}),
            json!({"sub": ""}),
            json!({"sub": 7}),
            json!({"sub": "a\nb"}),
            json!({"sub": long}),
            json!({"exp": 9, "sub": "u1", "platform": ["web"]}),
            json!({"exp": 9, "sub": "u1", "platform": 1}),
            json!({"exp": 9, "sub": "u1", "platform": ""}),
            json!({"exp": 9, "sub": "u1", "platform": "web,shop"}),
        ] {
            assert_eq!(bearer(&claims), None, "{claims}");
        }
        let web = bearer(&json!({"exp": 9, "sub": "u1", "platform": "web"})).expect("usable");
        assert_eq!(web.platform.as_deref(), Some("web"));
    }
}
