//! Every route that the OpenAPI documents have, called by those who may not.

use super::{bound, client, scoped};
use crate::people::town::{MARL, Town};
use anyhow::{Context as _, Result, ensure};
use infra::api_keys::Scopes;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Api, TestEnv};

/// A route, as its document has it.
struct Route {
    method: Method,
    pattern: String,
    path: String,
    /// None where it is open; the scope is empty where any key will do.
    scope: Option<String>,
    keys: String,
    statuses: Vec<u16>,
    sent: Option<Sent>,
}

/// The example of a body.
struct Sent {
    media_type: String,
    text: String,
}

impl Sent {
    /// That of an operation, if it has a body: beside its schema, or in it.
    fn of(document: &Value, told: &Value) -> Result<Option<Self>> {
        let bodies = told["requestBody"]["content"].as_object();
        let Some((media_type, body)) = bodies.and_then(|bodies| bodies.iter().next()) else {
            return Ok(None);
        };
        let mut schema = &body["schema"];
        while let Some(reference) = schema["$ref"].as_str() {
            let place = reference.strip_prefix('#').context("a schema elsewhere")?;
            schema = document.pointer(place).context("no such schema")?;
        }
        let examples = [&body["example"], &schema["example"]];
        let example = examples.into_iter().find(|example| !example.is_null());
        let example = example.with_context(|| format!("{} has no example", told["operationId"]))?;
        let text = example.as_str().map(str::to_owned);
        Ok(Some(Self {
            media_type: media_type.clone(),
            text: text.unwrap_or_else(|| example.to_string()),
        }))
    }

    /// Whether it says of which platform the thing is that is to be made.
    fn names_platform(&self) -> bool {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        body["platform"].is_string()
    }
}

fn routes(document: &Value, order: &str) -> Result<Vec<Route>> {
    let mut routes = Vec::new();
    for (pattern, item) in document["paths"].as_object().context("no paths")? {
        for (method, told) in item.as_object().context("no operations")? {
            let Ok(method) = method.to_uppercase().parse::<Method>() else {
                continue;
            };
            if told["operationId"].is_null() {
                continue;
            }
            let asked = told["security"][0]["api_key"].as_array();
            let scope = asked.map(|scopes| scopes.first().and_then(Value::as_str));
            let answers = told["responses"].as_object().context("no answers")?;
            routes.push(Route {
                path: pattern
                    .replace("{id}", order)
                    .replace("{platform}", "web")
                    .replace("{slug}", "web")
                    .replace(['{', '}'], ""),
                pattern: pattern.clone(),
                method,
                scope: scope.map(|scope| scope.unwrap_or_default().to_owned()),
                keys: told["x-platform-keys"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                statuses: answers
                    .keys()
                    .filter_map(|status| status.parse().ok())
                    .collect(),
                // What is closed to others is closed whatever is sent.
                sent: match told["x-platform-keys"].as_str() {
                    Some("own") => Sent::of(document, told)?,
                    _ => None,
                },
            });
        }
    }
    Ok(routes)
}

impl Route {
    /// The status, and the code of a problem. Of what is let in nothing is read: some
    /// of it has no end.
    async fn call(&self, api: &Api) -> Result<(u16, String)> {
        let request = api.request(self.method.clone(), &self.path);
        let request = match &self.sent {
            Some(sent) => request
                .header("content-type", &sent.media_type)
                .body(sent.text.clone()),
            None if self.method == Method::GET => request,
            None => request.json(&json!({})),
        };
        let response = request.send().await?;
        let status = response.status().as_u16();
        let code = if matches!(status, 401 | 403 | 404) {
            let problem: Value = response.json().await?;
            problem["code"].as_str().unwrap_or_default().to_owned()
        } else {
            String::new()
        };
        Ok((status, code))
    }

    fn told(&self) -> String {
        format!("{} {}", self.method, self.pattern)
    }
}

/// Those that are open to keys of a platform with the body that their document has as
/// an example. Without a key 401, with one
/// for everything else 403, with one of another platform 403 or 404; with one for this
/// scope alone it is let in. The documents say all of it.
pub async fn every_route_asks_for_what_its_document_says(env: &TestEnv) -> Result<()> {
    let town = Town::open(env).await?;
    let order = town.order(&MARL, None).await?;
    let order = order.rsplit('/').next().context("no id")?;
    let (mut walked, mut refused) = (0, 0);
    for (api, document) in [
        (&town.scene.api, command_api::openapi()),
        (&town.views(), read_api::openapi()),
    ] {
        let nobody = Api::with_key(api.url(), "ol_abcdefgh_unknown");
        let other = client(env, api.url(), &bound("other")).await?;
        for route in routes(&serde_json::to_value(&document)?, order)? {
            let Some(scope) = &route.scope else {
                ensure!(
                    route.pattern == "/v1/exports/{id}/file",
                    "{} is open",
                    route.told()
                );
                continue;
            };
            walked += 1;
            let told = route.call(&nobody).await?;
            ensure!(
                told == (401, "unauthorized".into()),
                "{}: {told:?}",
                route.told()
            );
            for status in [401, 403] {
                ensure!(
                    route.statuses.contains(&status),
                    "{}: {status}",
                    route.told()
                );
            }

            let told = route.call(&other).await?;
            let expected: &[(u16, &str)] = match route.keys.as_str() {
                "none" => &[(403, "platform_not_allowed")],
                _ if route.pattern.contains("{slug}") || route.pattern.contains("{platform}") => {
                    &[(403, "platform_not_allowed")]
                }
                "own" if route.sent.as_ref().is_some_and(Sent::names_platform) => {
                    &[(403, "platform_not_allowed")]
                }
                "own" if route.path.contains(order) && !route.path.contains("customers") => {
                    &[(404, "order_not_found")]
                }
                "own" | "all" => &[],
                keys => anyhow::bail!("{}: {keys}", route.told()),
            };
            let is_read = route.sent.is_some() && !matches!(told.0, 400 | 415 | 422);
            ensure!(
                expected.is_empty()
                    && !matches!(told.0, 401 | 403)
                    && (is_read || route.method == Method::GET)
                    || expected.contains(&(told.0, told.1.as_str())),
                "{} of another platform: {told:?}",
                route.told()
            );
            let is_documented = route.statuses.contains(&told.0);
            ensure!(
                is_documented || !matches!(told.0, 401 | 403 | 404),
                "{}: {told:?} is not documented",
                route.told()
            );
            refused += usize::from(!expected.is_empty() && route.keys == "own");

            if scope.is_empty() {
                continue;
            }
            let others: Vec<&str> = Scopes::KNOWN
                .iter()
                .map(|known| known.name)
                .filter(|name| name != scope)
                .collect();
            let without = client(env, api.url(), &scoped(&others)).await?;
            let told = route.call(&without).await?;
            ensure!(
                told == (403, "scope_missing".into()),
                "{}: {told:?}",
                route.told()
            );
            let allowed = client(env, api.url(), &scoped(&[scope])).await?;
            let told = route.call(&allowed).await?;
            ensure!(!matches!(told.0, 401 | 403), "{}: {told:?}", route.told());
        }
    }
    ensure!(walked > 100, "{walked} routes");
    // Commands on an order, its parts and its documents: their bodies are well, so that
    // nothing but whose the order is stands in their way.
    ensure!(refused > 50, "{refused} routes of one platform");
    Ok(())
}
