//! The front sends each route to the API that has it: deploy/nginx against
//! both OpenAPI documents.

use anyhow::{Context as _, ensure};
use regex_lite::Regex;
use std::fs;
use utoipa::openapi::{OpenApi, PathItem};

/// Every route of both APIs, on every method.
pub fn agrees() -> anyhow::Result<()> {
    let routing = tests::root().join("deploy/nginx/routing.conf");
    let rules = Rules::of(&fs::read_to_string(routing)?)?;
    for (api, document) in [
        ("commands", command_api::openapi()),
        ("queries", read_api::openapi()),
    ] {
        for request in requests(&document) {
            let sent = rules.api(&request);
            ensure!(sent == api, "{request} goes to {sent}, and {api} has it");
        }
    }
    ensure!(rules.api("HEAD /v1/orders") == "queries");
    ensure!(rules.api("POST /v1/orders/admin") == "commands");
    for page in ["GET /console", "POST /console/orders/1/actions/note"] {
        ensure!(rules.api(page) == "console", "{page}");
    }
    ensure!(rules.api("GET /consoles") == "queries");
    Ok(())
}

/// `METHOD /path` of each operation.
fn requests(document: &OpenApi) -> Vec<String> {
    let paths = document.paths.paths.iter();
    let requests = paths.flat_map(|(path, item)| {
        let methods = methods(item).into_iter();
        methods.map(move |method| format!("{method} {path}"))
    });
    requests.collect()
}

fn methods(item: &PathItem) -> Vec<&'static str> {
    let all = [
        ("GET", item.get.is_some()),
        ("POST", item.post.is_some()),
        ("PUT", item.put.is_some()),
        ("PATCH", item.patch.is_some()),
        ("DELETE", item.delete.is_some()),
    ];
    let there = all.into_iter().filter(|(_, there)| *there);
    there.map(|(method, _)| method).collect()
}

/// nginx's map from "METHOD /path" to an API: exact texts first, then the patterns in
/// the order of the file.
struct Rules {
    default: String,
    exact: Vec<(String, String)>,
    patterns: Vec<(Regex, String)>,
}

impl Rules {
    fn of(config: &str) -> anyhow::Result<Self> {
        let (_, map) = config
            .split_once("map \"$request_method $uri\" $api {")
            .context("there is no such map")?;
        let (map, _) = map.split_once('}').context("the map has no end")?;
        let mut rules = Self {
            default: String::new(),
            exact: Vec::new(),
            patterns: Vec::new(),
        };
        for line in map.lines().map(str::trim).filter(|line| !line.is_empty()) {
            rules.add(line)?;
        }
        Ok(rules)
    }

    fn add(&mut self, line: &str) -> anyhow::Result<()> {
        let line = line.strip_suffix(';').context("a rule has no end")?;
        if let Some(api) = line.strip_prefix("default") {
            api.trim().clone_into(&mut self.default);
            return Ok(());
        }
        let rule = line.strip_prefix('"').and_then(|rule| rule.split_once('"'));
        let (text, api) = rule.context("a rule is no text")?;
        let api = api.trim().to_owned();
        match text.strip_prefix('~') {
            Some(pattern) => self.patterns.push((Regex::new(pattern)?, api)),
            None => self.exact.push((text.to_owned(), api)),
        }
        Ok(())
    }

    fn api(&self, request: &str) -> &str {
        let exact = self.exact.iter().find(|(text, _)| text == request);
        let exact = exact.map(|(_, api)| api);
        let matching = self.patterns.iter();
        let mut matching = matching.filter(|(pattern, _)| pattern.is_match(request));
        let found = exact.or_else(|| matching.next().map(|(_, api)| api));
        found.unwrap_or(&self.default)
    }
}
