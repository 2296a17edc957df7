//! Tokens of an identity provider.

use super::provider::{Key, Provider, forged, public_of};
use anyhow::{Result, ensure};
use infra::{clock, config::Config};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tests::{Api, Role, TestEnv, wait_until};

const ISSUER: &str = "https://id.example/";
const AUDIENCE: &str = "orders";

/// Both APIs, which take tokens of this provider.
async fn scene(env: &TestEnv, provider: &Provider) -> Result<[Role; 2]> {
    env.orderlog_ok(&["migrate"]).await?;
    let configure = |config: &mut Config| {
        config.jwt_jwks_url.clone_from(&provider.url);
        ISSUER.clone_into(&mut config.jwt_issuer);
        AUDIENCE.clone_into(&mut config.jwt_audience);
    };
    let mut roles = [
        env.role("command-api").config(configure).spawn()?,
        env.role("read-api").config(configure).spawn()?,
    ];
    for role in &mut roles {
        role.ready().await?;
    }
    Ok(roles)
}

/// Claims that are valid now, with these others.
fn claims(others: Value) -> Value {
    let now = clock::now().unix_timestamp();
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": now + 300, "iat": now,
        "scope": "openid orders:read orders:write",
    });
    if let (Some(all), Value::Object(others)) = (claims.as_object_mut(), others) {
        all.extend(others);
    }
    claims
}

async fn listed(role: &Role, token: &str) -> Result<(u16, String)> {
    let told = Api::with_key(role.url(), token).get("/v1/orders").await?;
    let code = told.json["code"].as_str().unwrap_or_default();
    Ok((told.status.as_u16(), code.to_owned()))
}

/// Its scopes, its platform; and events say whose token it was.
pub async fn a_token_is_for_what_it_says(env: &TestEnv) -> Result<()> {
    let key = Key::new("k1")?;
    let provider = Provider::start(&[&key]).await?;
    let [commands, queries] = scene(env, &provider).await?;
    let token = key.sign(&claims(json!({})))?;
    ensure!(listed(&queries, &token).await? == (200, String::new()));
    let ada = Api::with_key(commands.url(), &token);
    let order = json!({
        "platform": "web", "currency": "GBP",
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 250}],
    });
    let admin = Api::new(env, &commands).await?;
    let web = admin.request(reqwest::Method::PUT, "/v1/platforms/web");
    let web = web.json(&json!({"currency": "GBP", "client_prices": "accepted"}));
    tests::answer(web).await?.expect(201)?;
    ada.post("/v1/orders", &order).await?.expect(201)?;
    let actor: String = sqlx::query_scalar(
        "SELECT metadata ->> 'actor' FROM events WHERE aggregate_type = 'order'",
    )
    .fetch_one(&infra::postgres::pool(&env.config.events_url, 1)?)
    .await?;
    ensure!(actor == "jwt:ada", "{actor}");
    for (others, expected) in [
        (json!({"scope": "orders:write"}), (403, "scope_missing")),
        (json!({"scope": null}), (403, "scope_missing")),
        (json!({"scope": null, "scp": ["orders:read"]}), (200, "")),
        (json!({"platform": "web"}), (200, "")),
        (json!({"platform": 7}), (401, "unauthorized")),
        (json!({"aud": ["others", AUDIENCE]}), (200, "")),
    ] {
        let told = listed(&queries, &key.sign(&claims(others.clone()))?).await?;
        ensure!(
            told == (expected.0, expected.1.to_owned()),
            "{others}: {told:?}"
        );
    }
    let other = key.sign(&claims(json!({"platform": "other"})))?;
    let refused = Api::with_key(commands.url(), &other)
        .post("/v1/orders", &order)
        .await?;
    refused.expect_problem(403, "platform_not_allowed")?;
    ensure!(provider.asked() <= 2, "asked {} times", provider.asked());
    Ok(())
}

/// Other issuers and audiences, other times, other keys, no signature, the wrong kind
/// of one.
pub async fn what_is_no_token_of_the_provider_is_refused(env: &TestEnv) -> Result<()> {
    let key = Key::new("k1")?;
    let provider = Provider::start(&[&key]).await?;
    let [_, queries] = scene(env, &provider).await?;
    let now = clock::now().unix_timestamp();
    // Clocks may differ by a minute.
    for fine in [json!({"exp": now - 30}), json!({"nbf": now + 30})] {
        let told = listed(&queries, &key.sign(&claims(fine.clone()))?).await?;
        ensure!(told.0 == 200, "{fine}: {told:?}");
    }
    let mut wrong: Vec<(String, String)> = Vec::new();
    for others in [
        json!({"iss": "https://other.example/"}),
        json!({"iss": null}),
        json!({"aud": "others"}),
        json!({"aud": null}),
        json!({"sub": ""}),
        json!({"sub": null}),
        json!({"exp": now - 90}),
        json!({"exp": null}),
        json!({"nbf": now + 90}),
    ] {
        wrong.push((others.to_string(), key.sign(&claims(others))?));
    }
    let good = key.sign(&claims(json!({})))?;
    let (unsigned, _) = good.rsplit_once('.').unwrap_or_default();
    let header = |alg: &str| json!({"alg": alg, "typ": "JWT", "kid": "k1"});
    wrong.extend([
        ("no signature".to_owned(), format!("{unsigned}.")),
        (
            "alg none".to_owned(),
            forged(&header("none"), &claims(json!({})), b""),
        ),
        (
            "another one's key".to_owned(),
            Key::new("k1")?.sign(&claims(json!({})))?,
        ),
        ("other claims".to_owned(), {
            let signature = good.rsplit('.').next().unwrap_or_default();
            let other = forged(&header("ES256"), &claims(json!({"sub": "root"})), b"");
            format!("{other}{signature}")
        }),
        (
            "an unknown key".to_owned(),
            Key::new("k9")?.sign(&claims(json!({})))?,
        ),
        ("the secret of a set".to_owned(), {
            let header = Header {
                kid: Some("secret".to_owned()),
                ..Header::new(Algorithm::HS256)
            };
            encode(
                &header,
                &claims(json!({})),
                &EncodingKey::from_secret(b"secret"),
            )?
        }),
        ("the public key as a secret".to_owned(), {
            let header = Header {
                kid: Some("k1".to_owned()),
                ..Header::new(Algorithm::HS256)
            };
            let secret = EncodingKey::from_secret(&public_of(&key)?);
            encode(&header, &claims(json!({})), &secret)?
        }),
        ("three parts".to_owned(), "a.b.c".to_owned()),
        ("nothing".to_owned(), "..".to_owned()),
    ]);
    for (what, token) in wrong {
        let told = listed(&queries, &token).await?;
        ensure!(told == (401, "unauthorized".to_owned()), "{what}: {told:?}");
    }
    Ok(())
}

/// A new key is learned when it is first seen; a provider that is away takes nothing
/// from what is known, and is nobody's fault where nothing is.
pub async fn keys_of_the_provider_change(env: &TestEnv) -> Result<()> {
    let (first, second) = (Key::new("k1")?, Key::new("k2")?);
    let provider = Provider::start(&[&first]).await?;
    provider.set_away(true);
    let [_, queries] = scene(env, &provider).await?;
    let (old, new) = (
        first.sign(&claims(json!({})))?,
        second.sign(&claims(json!({})))?,
    );
    let away = listed(&queries, &old).await?;
    ensure!(away == (503, "unavailable".to_owned()), "{away:?}");
    provider.set_away(false);
    wait_until("keys to be learned", async || {
        Ok((listed(&queries, &old).await?.0 == 200).then_some(()))
    })
    .await?;
    let asked = provider.asked();
    for _ in 0..20 {
        ensure!(listed(&queries, &new).await?.0 == 401);
    }
    ensure!(provider.asked() <= asked + 2, "anybody can have it asked");
    provider.publish(&[&first, &second]);
    wait_until("the new key to be learned", async || {
        Ok((listed(&queries, &new).await?.0 == 200).then_some(()))
    })
    .await?;
    provider.set_away(true);
    for token in [&old, &new] {
        ensure!(listed(&queries, token).await?.0 == 200);
    }
    Ok(())
}
