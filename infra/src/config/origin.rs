//! Where each setting's value comes from.

use super::{Config, ConfigError, environment};
use figment::{Figment, Source};
use serde::Serialize;
use std::{fmt, path::Path};

/// What stands where a secret would.
const HIDDEN: &str = "[secret]";
/// Parameters of URLs that are secrets.
const SECRET_PARAMETERS: [&str; 2] = ["password", "sslpassword"];

/// One setting, as people may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its key.
    pub key: String,
    /// Its value; secrets, and passwords in URLs, are replaced.
    pub value: String,
    /// Which layer gave it.
    pub origin: Origin,
}

/// The layers, and within them the place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "from", content = "name", rename_all = "snake_case")]
pub enum Origin {
    /// Nobody said anything else.
    Default,
    /// The configuration file at this path.
    File(String),
    /// This environment variable.
    Environment(String),
    /// This flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

impl Config {
    /// Every setting with its origin, in the order of their keys; `file` as in
    /// [`Config::load`].
    ///
    /// # Errors
    /// When the configuration cannot be read.
    pub fn settings(file: Option<&Path>) -> Result<Vec<Setting>, ConfigError> {
        settings(&Self::figment(file))
    }
}

/// As [`Config::settings`] shows it: without secrets, and without the passwords in
/// URLs.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = serde_json::to_value(self).unwrap_or_default();
        let mut fields = f.debug_struct("Config");
        for key in Self::keys() {
            let value = shown_value(self, &key, &shown[&key]);
            fields.field(&key, &format_args!("{value}"));
        }
        fields.finish()
    }
}

fn settings(layers: &Figment) -> Result<Vec<Setting>, ConfigError> {
    let config: Config = layers.extract().map_err(Box::new)?;
    let shown = serde_json::to_value(&config).unwrap_or_default();
    let of = |key: String| Setting {
        value: shown_value(&config, &key, &shown[&key]),
        origin: origin(layers, &key),
        key,
    };
    Ok(Config::keys().into_iter().map(of).collect())
}

fn shown_value(config: &Config, key: &str, value: &serde_json::Value) -> String {
    let is_set = match key {
        "master_key" => !config.master_key.is_empty(),
        "api_key" => !config.api_key.is_empty(),
        "kafka_sasl_password" => !config.kafka_sasl_password.is_empty(),
        "otlp_headers" => !config.otlp_headers.is_empty(),
        "objects_s3_secret_key" => !config.objects_s3_secret_key.is_empty(),
        _ => false,
    };
    match value {
        _ if is_set => HIDDEN.to_owned(),
        serde_json::Value::String(text) => without_password(text),
        serde_json::Value::Array(list) => {
            let shown = list.iter().map(|value| shown_value(config, key, value));
            shown.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn origin(layers: &Figment, key: &str) -> Origin {
    let Some(metadata) = layers.find_metadata(key) else {
        return Origin::Default;
    };
    let variable = format!("ORDERLOG_{}", key.to_uppercase());
    if metadata.name == environment::FILES {
        return Origin::Environment(format!("{variable}_FILE"));
    }
    match &metadata.source {
        Some(Source::File(path)) => Origin::File(path.display().to_string()),
        // The defaults are a value of the program.
        Some(_) => Origin::Default,
        None => Origin::Environment(variable),
    }
}

/// A URL without what nobody but its user may know; any other text as it is.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let rest = match rest.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:{HIDDEN}@{host}"),
            None => rest.to_owned(),
        },
        None => rest.to_owned(),
    };
    let parameters = query.split('&').map(|parameter| {
        let secret = parameter.split_once('=').filter(|(name, _)| {
            let name = name.to_ascii_lowercase();
            SECRET_PARAMETERS.contains(&name.as_str())
        });
        secret.map_or(parameter.to_owned(), |(name, _)| format!("{name}={HIDDEN}"))
    });
    let query = parameters.collect::<Vec<_>>().join("&");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{rest}{mark}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use figment::providers::{Format as _, Serialized, Toml};

    #[test]
    fn a_password_is_shown_nowhere() {
        for (url, shown) in [
            ("postgres://me:p@ss:w@db/x", "postgres://me:[secret]@db/x"),
            ("postgres://me@db/x", "postgres://me@db/x"),
            ("redis://:pw@host:1", "redis://:[secret]@host:1"),
            (
                "postgres://db/x?password=pw&sslmode=require",
                "postgres://db/x?password=[secret]&sslmode=require",
            ),
            ("127.0.0.1:9092", "127.0.0.1:9092"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn a_configuration_is_printed_without_the_password_of_any_key() {
        const PASSWORD: &str = "hush";
        let url = format!("postgres://me:{PASSWORD}@db/x?password={PASSWORD}");
        let mut layers = Figment::from(Serialized::defaults(Config::default()));
        let mut told = 0;
        for key in Config::keys() {
            let more = layers.clone().merge(Serialized::default(&key, &url));
            // Numbers and the names of a few are no texts.
            if more.extract::<Config>().is_ok() {
                layers = more;
                told += 1;
            }
        }
        let config: Config = layers.extract().expect("valid");
        assert!(told > 20, "{told}");
        assert_eq!(config.redis_url, url);
        assert_eq!(config.views_read_urls.to_vec(), [url]);
        let printed = format!("{config:?} {config:#?}");
        assert!(!printed.contains(PASSWORD), "{printed}");
        assert!(printed.contains("me:[secret]@db/x?password=[secret]"));
    }

    #[test]
    fn a_setting_names_the_layer_that_won() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("orderlog.toml");
        std::fs::write(
            &file,
            "log = \"debug\"\nmaster_key = \"hush\"\notlp_headers = \"api-key=hush\"",
        )
        .expect("writable");
        let layers = Figment::from(Serialized::defaults(Config::default()))
            .merge(Toml::file_exact(&file))
            // As `Env` does: a layer without a source.
            .merge(Toml::string(
                "views_pool_size = 3\nviews_read_urls = \"postgres://me:pw@a/v,postgres://b/v\"",
            ));
        let settings = settings(&layers).expect("valid");
        let of = |key: &str| settings.iter().find(|s| s.key == key).expect("a key");
        assert_eq!(of("listen").origin, Origin::Default);
        assert_eq!(of("log").origin, Origin::File(file.display().to_string()));
        assert_eq!(of("master_key").value, HIDDEN);
        assert_eq!(of("otlp_headers").value, HIDDEN);
        assert_eq!(of("api_key").value, "");
        assert_eq!(
            of("views_read_urls").value,
            "postgres://me:[secret]@a/v, postgres://b/v"
        );
        let size = of("views_pool_size");
        let variable = "ORDERLOG_VIEWS_POOL_SIZE".to_owned();
        assert_eq!(size.origin, Origin::Environment(variable));
        assert_eq!(size.value, "3");
    }
}
