//! The folder of `dev` as a whole: which format its data has, the master key of its
//! personal data, and the key of its console's sessions.

use crate::api_key::write_secret;
use anyhow::{Context as _, bail, ensure};
use infra::{
    config::Config,
    sealing::{MasterKey, TokenKey},
};
use std::{fs, io::ErrorKind, path::Path};

/// Format of the data that this release writes. It rises when a release cannot
/// read what an earlier one wrote.
const FORMAT: u32 = 1;
/// The file that says it.
const FORMAT_FILE: &str = "format";
/// The master key of the folder.
const MASTER_KEY_FILE: &str = "master-key";
/// The key of its console's sessions.
const CONSOLE_KEY_FILE: &str = "console-key";

/// Makes sure that this release understands the folder, and that the folder
/// has its master key. Nothing was started yet.
pub fn prepare(dir: &Path, config: &mut Config) -> anyhow::Result<()> {
    let has_data = dir.join("data").exists();
    check_format(dir, has_data)?;
    // A master key that the configuration gives wins, as a server does.
    if config.master_key.is_empty() && config.master_key_file.is_empty() {
        let path = dir.join(MASTER_KEY_FILE);
        make_master_key(&path, has_data)?;
        let path = path.to_str().context("the folder is not UTF-8")?;
        path.clone_into(&mut config.master_key_file);
    }
    if config.console_key_file.as_os_str().is_empty() {
        config.console_key_file = dir.join(CONSOLE_KEY_FILE);
        if !config.console_key_file.exists() {
            write_secret(
                &config.console_key_file,
                &format!("{}\n", TokenKey::text()?),
            )?;
        }
    }
    // An unusable key is told before anything is started.
    MasterKey::from_config(config)?;
    Ok(())
}

fn check_format(dir: &Path, has_data: bool) -> anyhow::Result<()> {
    let path = dir.join(FORMAT_FILE);
    let shown = dir.display();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            ensure!(
                !has_data,
                "{shown} holds data of a release before the lasting storage format, which this \
                 release cannot read: use another --dir, or delete its orders with \
                 `make clean-data DIR={shown}`"
            );
            return Ok(fs::write(&path, format!("{FORMAT}\n"))?);
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    match text.trim().parse::<u32>() {
        Ok(FORMAT) => Ok(()),
        Ok(newer) if newer > FORMAT => bail!(
            "{shown} holds data of format {newer}, this release knows format {FORMAT}: use the \
             release that wrote it, or another --dir"
        ),
        _ => bail!(
            "{} says {:?}, which is no format: use another --dir",
            path.display(),
            text.trim()
        ),
    }
}

fn make_master_key(path: &Path, has_data: bool) -> anyhow::Result<()> {
    if path.exists() {
        return Ok(());
    }
    ensure!(
        !has_data,
        "{} is missing: without it the personal data of this folder cannot be read; put it back, \
         or use another --dir",
        path.display()
    );
    Ok(write_secret(path, &format!("{}\n", MasterKey::random()?))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use tempfile::TempDir;

    fn folder() -> TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn prepared(dir: &Path) -> Result<Config, String> {
        let mut config = Config::default();
        prepare(dir, &mut config).map_err(|error| format!("{error:#}"))?;
        Ok(config)
    }

    #[test]
    fn a_first_start_makes_format_and_key_and_later_ones_keep_them() {
        let dir = folder();
        let first = prepared(dir.path()).expect("an empty folder");
        let key = fs::read_to_string(&first.master_key_file).expect("a key");
        let mode = fs::metadata(&first.master_key_file)
            .expect("a key")
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        fs::create_dir(dir.path().join("data")).expect("data");
        let second = prepared(dir.path()).expect("its own folder");
        assert_eq!(
            fs::read_to_string(second.master_key_file).expect("a key"),
            key
        );
    }

    #[test]
    fn data_without_a_format_is_refused_with_what_to_do() {
        let dir = folder();
        fs::create_dir(dir.path().join("data")).expect("data");
        let refused = prepared(dir.path()).expect_err("older data");
        assert!(
            refused.contains("make clean-data") && refused.contains("--dir"),
            "{refused}"
        );
        assert!(!dir.path().join(FORMAT_FILE).exists());
    }

    #[test]
    fn another_format_is_refused() {
        for (format, says) in [("2", "format 2"), ("0", "no format"), ("one", "no format")] {
            let dir = folder();
            fs::write(dir.path().join(FORMAT_FILE), format).expect("format");
            let refused = prepared(dir.path()).expect_err(format);
            assert!(refused.contains(says), "{refused}");
        }
    }

    #[test]
    fn a_lost_master_key_is_not_replaced() {
        let dir = folder();
        let config = prepared(dir.path()).expect("an empty folder");
        fs::create_dir(dir.path().join("data")).expect("data");
        fs::remove_file(config.master_key_file).expect("a key");
        let refused = prepared(dir.path()).expect_err("a lost key");
        assert!(refused.contains("master-key is missing"), "{refused}");
    }

    #[test]
    fn a_given_master_key_wins() {
        let dir = folder();
        let mut config = Config {
            master_key: infra::secret::Secret::new(MasterKey::random().expect("randomness")),
            ..Config::default()
        };
        prepare(dir.path(), &mut config).expect("a given key");
        assert!(config.master_key_file.is_empty() && !dir.path().join(MASTER_KEY_FILE).exists());
    }
}
