//! The environment as a layer: `events_url` is `ORDERLOG_EVENTS_URL`, or what the file
//! holds that `ORDERLOG_EVENTS_URL_FILE` names, as secrets of containers are given.

use figment::{
    Error, Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};
use std::env;

/// What the origin of values in files is called.
pub(super) const FILES: &str = "files that environment variables name";

/// The variables of these settings.
pub(super) struct Environment {
    /// All settings as they are unless told otherwise: what is text there is taken as
    /// it stands, be it all digits.
    pub defaults: Dict,
}

/// The files that variables name, without blanks around what they hold.
pub(super) struct Files {
    /// As above.
    pub defaults: Dict,
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment").interpolater(|_, keys| variable(&keys.join(".")))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let told = self.defaults.iter().filter_map(|(key, default)| {
            let text = env::var_os(variable(key))?;
            let value = text.into_string().map(|text| read(default, &text));
            let named = || Error::from(format!("{} is not UTF-8", variable(key)));
            Some(value.map(|value| (key.clone(), value)).map_err(|_| named()))
        });
        let told = told.collect::<Result<_, Error>>()?;
        Ok(Map::from([(Profile::Default, told)]))
    }
}

impl Provider for Files {
    fn metadata(&self) -> Metadata {
        Metadata::named(FILES).interpolater(|_, keys| variable(&keys.join(".")) + "_FILE")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut told = Dict::new();
        for (key, default) in &self.defaults {
            let variable = variable(key);
            let Some(path) = env::var_os(format!("{variable}_FILE")) else {
                continue;
            };
            // `master_key_file` is a setting of its own.
            if path.is_empty() || self.defaults.contains_key(&format!("{key}_file")) {
                continue;
            }
            if env::var_os(&variable).is_some_and(|value| !value.is_empty()) {
                let twice = format!("{variable} and {variable}_FILE are both set");
                return Err(Error::from(twice));
            }
            let text = std::fs::read_to_string(&path).map_err(|error| {
                let path = path.display();
                Error::from(format!("{variable}_FILE: {path} cannot be read: {error}"))
            })?;
            told.insert(key.clone(), read(default, text.trim()));
        }
        Ok(Map::from([(Profile::Default, told)]))
    }
}

fn variable(key: &str) -> String {
    format!("ORDERLOG_{}", key.to_uppercase())
}

/// Numbers, lists and tables are written as in TOML.
fn read(default: &Value, text: &str) -> Value {
    match default {
        Value::String(..) => Value::from(text),
        // A list may also be its members, separated by commas.
        Value::Array(..) if !text.starts_with('[') => Value::from(text),
        // Never fails: what is nothing else is text.
        _ => text.parse().unwrap_or_else(|_| Value::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_text_stays_text() {
        let text = Value::from("");
        for secret in ["12345678", "true", "{a=1}", "\"quoted\"", "[x]"] {
            assert_eq!(read(&text, secret).as_str(), Some(secret));
        }
        let list = Value::from(Vec::<String>::new());
        assert_eq!(read(&list, "365").as_str(), Some("365"));
        assert!(read(&list, "[\"a\"]").as_str().is_none());
        assert_eq!(read(&Value::from(16), "3").to_u128(), Some(3));
        assert_eq!(read(&Value::from(false), "true").to_bool(), Some(true));
    }
}
