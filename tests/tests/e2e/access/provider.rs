//! An identity provider: keys of its own, published, and tokens signed with them.

use anyhow::{Context as _, Result};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_util::task::AbortOnDropHandle;

/// One key.
pub struct Key {
    pub id: String,
    signing: EncodingKey,
    /// X and Y.
    public: [String; 2],
}

impl Key {
    pub fn new(id: &str) -> Result<Self> {
        let made =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref())
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        // 4, X, Y.
        let point = pair.public_key().as_ref();
        let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Ok(Self {
            id: id.to_owned(),
            signing: EncodingKey::from_ec_der(made.as_ref()),
            public: [coordinate(&point[1..33]), coordinate(&point[33..65])],
        })
    }

    /// A token that says this.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        let header = Header {
            kid: Some(self.id.clone()),
            ..Header::new(Algorithm::ES256)
        };
        Ok(encode(&header, claims, &self.signing)?)
    }

    fn published(&self) -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": self.public[0], "y": self.public[1],
        })
    }
}

/// Publishes keys at `/keys`.
pub struct Provider {
    pub url: String,
    published: Arc<Mutex<String>>,
    away: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    _server: AbortOnDropHandle<()>,
}

impl Provider {
    pub async fn start(keys: &[&Key]) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/keys", listener.local_addr()?);
        let published = Arc::new(Mutex::new(String::new()));
        let (away, asked) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let (text, is_away, count) = (
            Arc::clone(&published),
            Arc::clone(&away),
            Arc::clone(&asked),
        );
        let server = tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut head = [0; 4096];
                let _ = connection.read(&mut head).await;
                count.fetch_add(1, Ordering::Relaxed);
                let status = if is_away.load(Ordering::Relaxed) {
                    "503 Away"
                } else {
                    "200 OK"
                };
                let body = text.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = connection.write_all(answer.as_bytes()).await;
            }
        });
        let provider = Self {
            url,
            published,
            away,
            asked,
            _server: AbortOnDropHandle::new(server),
        };
        provider.publish(keys);
        Ok(provider)
    }

    /// These keys, beside some of which nobody can make anything.
    pub fn publish(&self, keys: &[&Key]) {
        let mut all = vec![
            json!({"kty": "oct", "k": "c2VjcmV0", "kid": "secret"}),
            json!({"kty": "NEW", "kid": "new"}),
        ];
        all.extend(keys.iter().map(|key| key.published()));
        let text = json!({"keys": all}).to_string();
        *self
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = text;
    }

    /// Whether it answers 503.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// A header and claims in the form of a token, with a signature of somebody's choice.
pub fn forged(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = URL_SAFE_NO_PAD.encode(signature);
    format!("{}.{}.{signature}", part(header), part(claims))
}

/// The X and Y of a key, as its owner published them.
pub fn public_of(key: &Key) -> Result<Vec<u8>> {
    let [x, y] = &key.public;
    let bytes = |text: &String| URL_SAFE_NO_PAD.decode(text).context("base64");
    Ok([vec![4], bytes(x)?, bytes(y)?].concat())
}
