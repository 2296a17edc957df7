//! docker-compose.yml as Compose reads it, and what the image adds to it.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fs};
use tests::root;

/// What `.env` says.
pub type Settings = BTreeMap<String, String>;

#[derive(Debug, Deserialize)]
pub struct Compose {
    pub services: BTreeMap<String, Service>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Service {
    /// Where it is built from, if it is ours.
    pub build: Option<Value>,
    pub entrypoint: Option<Vec<String>>,
    #[serde(default)]
    pub command: Vec<String>,
    /// Those without a value are handed on, where `.env` has one.
    #[serde(default)]
    pub environment: BTreeMap<String, Option<String>>,
    #[serde(default)]
    pub volumes: Vec<String>,
    #[serde(default)]
    pub networks: Vec<String>,
    #[serde(default)]
    pub ports: Vec<String>,
    #[serde(default)]
    pub depends_on: BTreeMap<String, Dependency>,
    pub healthcheck: Option<Healthcheck>,
    pub restart: Option<String>,
    pub stop_signal: Option<String>,
    pub stop_grace_period: Option<String>,
    pub container_name: Option<String>,
    pub network_mode: Option<String>,
    pub deploy: Option<Value>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Dependency {
    pub condition: Condition,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Condition {
    #[serde(rename = "service_started")]
    Started,
    #[serde(rename = "service_healthy")]
    Healthy,
    #[serde(rename = "service_completed_successfully")]
    CompletedSuccessfully,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Healthcheck {
    #[serde(default)]
    pub test: Vec<String>,
    #[serde(default)]
    pub disable: bool,
}

/// What the Dockerfile says of whatever runs in the image.
#[derive(Debug, Default)]
pub struct Image {
    pub environment: BTreeMap<String, String>,
    pub entrypoint: Vec<String>,
    /// The command alone.
    pub healthcheck: Vec<String>,
}

impl Compose {
    /// The file with these settings.
    pub fn read(settings: &Settings) -> Result<Self> {
        let text = fs::read_to_string(root().join("docker-compose.yml"))?;
        let file: Value = serde_norway::from_str(&text)?;
        let file = filled(merged(file)?, settings)?;
        Ok(serde_json::from_value(file)?)
    }

    pub fn service(&self, name: &str) -> Result<&Service> {
        self.services
            .get(name)
            .with_context(|| format!("there is no service {name}"))
    }
}

impl Service {
    /// Whether it runs in the image that is built here.
    pub const fn is_ours(&self) -> bool {
        self.build.is_some()
    }

    /// Where each volume is: its source and its target.
    pub fn mounts(&self) -> Result<Vec<(&str, &str)>> {
        let mounts = self.volumes.iter().map(|volume| {
            let mut parts = volume.split(':');
            let mount = parts.next().zip(parts.next());
            mount.with_context(|| format!("a volume {volume}"))
        });
        mounts.collect()
    }

    /// Its health check, or the image's.
    pub fn health<'a>(&'a self, image: &'a Image) -> Option<&'a [String]> {
        let test = match &self.healthcheck {
            Some(check) if check.disable => return None,
            Some(check) => match check.test.split_first() {
                Some((kind, test)) if kind == "CMD" => test,
                _ => return None,
            },
            None if self.is_ours() => &image.healthcheck,
            None => return None,
        };
        Some(test)
    }
}

impl Image {
    /// The last stage of the Dockerfile.
    pub fn read() -> Result<Self> {
        let text = fs::read_to_string(root().join("Dockerfile"))?;
        let text = text.replace("\\\n", " ");
        let mut image = Self::default();
        let list = |text: &str| serde_json::from_str::<Vec<String>>(text);
        for line in text.lines() {
            let (instruction, rest) = line.split_once(' ').unwrap_or_default();
            match instruction {
                "FROM" => image = Self::default(),
                "ENV" => {
                    for pair in rest.split_whitespace() {
                        let (name, value) = pair.split_once('=').context("ENV")?;
                        image.environment.insert(name.into(), value.into());
                    }
                }
                "ENTRYPOINT" => image.entrypoint = list(rest)?,
                "HEALTHCHECK" => {
                    let (_, command) = rest.split_once("CMD ").context("HEALTHCHECK")?;
                    image.healthcheck = list(command)?;
                }
                _ => {}
            }
        }
        Ok(image)
    }
}

/// `.env`, as `.env.example` suggests it, with these besides.
pub fn settings(more: &[(&str, &str)]) -> Result<Settings> {
    let text = fs::read_to_string(root().join(".env.example"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut settings: Settings = lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for (name, value) in more {
        settings.insert((*name).to_owned(), (*value).to_owned());
    }
    Ok(settings)
}

/// Takes `<<` into the maps that have it; what a map says itself stands.
fn merged(value: Value) -> Result<Value> {
    Ok(match value {
        Value::Array(items) => Value::Array(items.into_iter().map(merged).collect::<Result<_>>()?),
        Value::Object(members) => {
            let mut whole = Map::new();
            for (name, member) in members {
                whole.insert(name, merged(member)?);
            }
            match whole.remove("<<") {
                None => {}
                Some(Value::Object(more)) => {
                    for (name, member) in more {
                        whole.entry(name).or_insert(member);
                    }
                }
                Some(other) => bail!("<<: {other}"),
            }
            Value::Object(whole)
        }
        other => other,
    })
}

/// Puts settings where the file names them, in every text.
fn filled(value: Value, settings: &Settings) -> Result<Value> {
    Ok(match value {
        Value::String(text) => Value::String(fill(&text, settings)?),
        Value::Array(items) => {
            let items = items.into_iter().map(|item| filled(item, settings));
            Value::Array(items.collect::<Result<_>>()?)
        }
        Value::Object(members) => {
            let members = members.into_iter();
            let members = members.map(|(name, member)| Ok((name, filled(member, settings)?)));
            Value::Object(members.collect::<Result<_>>()?)
        }
        other => other,
    })
}

fn fill(text: &str, settings: &Settings) -> Result<String> {
    let (mut whole, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('$') {
        whole += before;
        if let Some(after) = after.strip_prefix('$') {
            whole.push('$');
            rest = after;
            continue;
        }
        let inner = after.strip_prefix('{').context("a $ without braces")?;
        let end = end_of(inner).with_context(|| format!("no end in {text}"))?;
        whole += &value(&inner[..end], settings)?;
        rest = &inner[end + 1..];
    }
    Ok(whole + rest)
}

/// Where the brace closes that is open before the text.
fn end_of(text: &str) -> Option<usize> {
    let mut open = 1;
    text.find(|c| {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        open == 0
    })
}

/// `NAME`, `NAME:-otherwise` or `NAME:?why it is needed`.
fn value(expression: &str, settings: &Settings) -> Result<String> {
    let (name, otherwise) = expression.split_once(':').unwrap_or((expression, "-"));
    if let Some(value) = settings.get(name).filter(|value| !value.is_empty()) {
        return Ok(value.clone());
    }
    match otherwise.split_at_checked(1) {
        Some(("-", text)) => fill(text, settings),
        Some(("?", why)) => bail!("{name} is not set: {why}"),
        _ => bail!("what is ${{{expression}}}?"),
    }
}
