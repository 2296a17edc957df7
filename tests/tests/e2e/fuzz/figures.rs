//! Amounts, percentages, currencies, positions, secrets, networks and URLs.

use super::{text, try_all};
use anyhow::{Context as _, Result, ensure};
use contracts::PositionToken;
use domain::money::{Currency, Percent, Price};
use infra::webhooks::{Guard, Network, WebhookSecret};
use libtest_mimic::Trial;
use proptest::prelude::any;
use reqwest::Url;

pub fn trials() -> Vec<Trial> {
    vec![
        tests::plain("fuzz::figures::money", money),
        tests::plain("fuzz::figures::positions", positions),
        tests::plain("fuzz::figures::secrets_and_networks", secrets),
        tests::plain("fuzz::figures::urls_of_webhooks", urls),
    ]
}

fn money() -> Result<()> {
    let seeds = [
        "12.50",
        "-0.125",
        "999999.999999999",
        "12.5",
        "100",
        "GBP",
        "JPY",
        "1050",
    ];
    let input = (text(&seeds), any::<i64>());
    let pound: Currency = "GBP".parse()?;
    try_all("money", &input, |(text, number)| {
        if let Ok(price) = text.parse::<Price>() {
            let again: Price = price.to_string().parse().context("as it is told")?;
            let amounts = [price, again, price.normalised(pound)];
            let amounts = amounts.map(|price| price.amount(*number, pound).ok());
            ensure!(amounts[0] == amounts[1], "{price}: {amounts:?}");
            ensure!(amounts[0] == amounts[2], "{price}: {amounts:?}");
        }
        if let Ok(price) = serde_json::from_str::<Price>(text) {
            let json = serde_json::to_string(&price)?;
            let again: Price = serde_json::from_str(&json).with_context(|| json.clone())?;
            ensure!(again == price, "{price:?} became {again:?}");
            let _ = price.amount(*number, pound);
        }
        if let Ok(percent) = text.parse::<Percent>() {
            ensure!(percent.to_string().parse::<Percent>()? == percent);
            let share = percent.of(*number)?;
            ensure!(share.unsigned_abs() <= number.unsigned_abs());
            let within = percent.within(*number)?;
            ensure!(within.unsigned_abs() <= number.unsigned_abs());
        }
        if let Ok(currency) = text.parse::<Currency>() {
            ensure!(currency.code() == text);
        }
        Ok(())
    })
}

fn positions() -> Result<()> {
    let seeds = [
        "b3JkZXJzLmV2ZW50cy52MXw3fDF8MTIzNHw1Njc4",
        "b3JkZXJzLmV2ZW50cy52MXwwfDF8MTg0NDY3NDQwNzM3MDk1NTE2MTV8MQ",
    ];
    try_all("positions", &text(&seeds), |text| {
        if let Ok(token) = text.parse::<PositionToken>() {
            let again: PositionToken = token.to_string().parse()?;
            ensure!(again == token, "{token:?} became {again:?}");
        }
        Ok(())
    })
}

fn secrets() -> Result<()> {
    let seeds = [
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "10.1.0.0/16",
        "fd00::/8",
        "::ffff:10.0.0.1/104",
        "0 3 * * *",
    ];
    try_all("secrets", &text(&seeds), |text| {
        if let Some(secret) = WebhookSecret::from_text(text) {
            ensure!(secret.to_text() == *text);
            ensure!(secret.sign("id", 1, text).starts_with("v1,"));
        }
        if let Ok(network) = text.parse::<Network>() {
            let address = text.split('/').next().unwrap_or_default();
            ensure!(network.contains(address.trim().parse()?), "not in itself");
        }
        let _ = infra::sealing::MasterKey::from_base64(text);
        let _ = infra::tokens::Tokens::are_like(text);
        Ok(())
    })
}

/// Nothing that names an address of this machine gets by, however it is written.
fn urls() -> Result<()> {
    let seeds = [
        "https://hooks.example.com/orders?x=1",
        "http://127.0.0.1:80/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "http://user:password@0177.0.0.1/",
    ];
    let guard = Guard::default();
    try_all("urls", &text(&seeds), |text| {
        // Others are refused before it comes to that.
        let url = Url::parse(text).ok();
        let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return Ok(());
        };
        let host = url.host_str().unwrap_or_default();
        let inner = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        if let Ok(address) = inner
            && address.to_canonical().is_loopback()
        {
            ensure!(guard.check_url(&url).is_err(), "{url} is let go");
        }
        Ok(())
    })
}
