//! Settings that are kept in files, as secrets of containers are: `events_url` is also
//! what the file holds that `ORDERLOG_EVENTS_URL_FILE` names.

use figment::{
    Error, Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};
use std::env;

/// What these values' origin is called.
pub(super) const NAME: &str = "files that environment variables name";

/// The text of each such file, without blanks around it.
pub(super) struct Files {
    /// All settings.
    pub known: Vec<String>,
}

impl Provider for Files {
    fn metadata(&self) -> Metadata {
        Metadata::named(NAME)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut read = Dict::new();
        for key in &self.known {
            let own = format!("{key}_file");
            let variable = format!("ORDERLOG_{}", key.to_uppercase());
            let Some(path) = env::var_os(format!("{variable}_FILE")) else {
                continue;
            };
            // `master_key_file` is a setting of its own.
            if path.is_empty() || self.known.contains(&own) {
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
            read.insert(key.clone(), Value::from(text.trim()));
        }
        Ok(Map::from([(Profile::Default, read)]))
    }
}
