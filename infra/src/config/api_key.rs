//! The API key of the worker, and of tools that call the API.

use super::Config;
use crate::secret::Secret;
use std::path::PathBuf;

impl Config {
    /// The API key, read from its file where that is named; none: not told.
    pub fn read_api_key(&self) -> Result<Secret, ApiKeyError> {
        if self.api_key_file.as_os_str().is_empty() {
            return Ok(self.api_key.clone());
        }
        if !self.api_key.is_empty() {
            return Err(ApiKeyError::Twice);
        }
        let file = &self.api_key_file;
        match std::fs::read_to_string(file) {
            Ok(key) => Ok(Secret::new(key.trim())),
            Err(source) => Err(ApiKeyError::File {
                file: file.clone(),
                source,
            }),
        }
    }
}

/// Why the API key is not known.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// Told in two places.
    #[error("`api_key` and `api_key_file` are both set; one of them is to go")]
    Twice,
    /// The file cannot be read.
    #[error("the API key in {} cannot be read", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_key_comes_from_one_place_and_is_not_told() {
        let mut config = Config {
            api_key: Secret::new("ol_key"),
            ..Config::default()
        };
        assert!(!format!("{config:?}").contains("ol_key"));
        let key = config.read_api_key().expect("a key");
        assert_eq!(key.reveal(), "ol_key");
        config.api_key_file = "/nowhere/key".into();
        assert!(matches!(config.read_api_key(), Err(ApiKeyError::Twice)));
        config.api_key = Secret::default();
        let missing = config.read_api_key().expect_err("there is no such file");
        assert!(missing.to_string().contains("/nowhere/key"));
    }
}
