//! The schemas of today against those of every release: `FULL_TRANSITIVE`.

use contracts::compat::breaks;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const RELEASE: &str = "cargo run --bin orderlog -- schemas --release vMAJOR.MINOR";

/// Schemas by file name.
type Schemas = BTreeMap<String, Value>;

/// What today's code publishes.
fn today() -> Schemas {
    let schemas = contracts::schemas().into_iter();
    schemas
        .map(|(name, schema)| (format!("{name}.json"), schema.to_value()))
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let shown = folder.display();
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{shown}: {error}: make a release with `{RELEASE}`"));
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

fn name(path: &Path) -> String {
    let name = path.file_name().expect("a name");
    name.to_str().expect("a name in UTF-8").to_owned()
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("a released schema");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every release (the folder's name) with its schemas.
fn released() -> BTreeMap<String, Schemas> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/released");
    let releases = entries(&folder).into_iter();
    releases
        .map(|release| {
            let files = entries(&release).into_iter();
            let schemas = files.map(|file| (name(&file), read(&file))).collect();
            (name(&release), schemas)
        })
        .collect()
}

/// What is wrong with `schemas` in the eyes of one release, a line each.
fn complaints(release: &str, old: &Schemas, schemas: &Schemas) -> Vec<String> {
    let of = |(file, before): (&String, &Value)| match schemas.get(file) {
        None => vec![format!(
            "{release}/{file}: nothing has this schema any more"
        )],
        Some(now) => breaks(before, now)
            .iter()
            .map(|found| format!("{release}/{file} {found}"))
            .collect(),
    };
    old.iter().flat_map(of).collect()
}

#[test]
fn today_is_compatible_with_every_release() {
    let today = today();
    let complaints: Vec<String> = released()
        .iter()
        .flat_map(|(release, old)| complaints(release, old, &today))
        .collect();
    assert!(
        complaints.is_empty(),
        "readers or data of a release would break; publish a new version of the type instead:\n{}",
        complaints.join("\n")
    );
}

#[test]
fn every_schema_has_a_released_baseline() {
    let released = released();
    let files: BTreeSet<&String> = released.values().flat_map(BTreeMap::keys).collect();
    let today = today();
    let without: Vec<&String> = today.keys().filter(|file| !files.contains(file)).collect();
    assert!(
        without.is_empty(),
        "in no release, so nothing keeps them compatible: {without:?}; make one with `{RELEASE}`"
    );
}

#[test]
fn a_released_schema_without_one_of_its_members_is_a_break() {
    let mut removed = 0;
    for (release, schemas) in released() {
        for (file, schema) in &schemas {
            let members = schema["properties"].as_object().expect("an object");
            for member in members.keys() {
                let mut changed = schemas.clone();
                let schema = changed.get_mut(file).expect("the same file");
                let properties = schema["properties"].as_object_mut().expect("an object");
                properties.remove(member);
                if let Some(required) = schema["required"].as_array_mut() {
                    required.retain(|name| name != member);
                }
                assert_eq!(
                    complaints(&release, &schemas, &changed),
                    [format!(
                        "{release}/{file} /properties/{member}: the member was removed"
                    )]
                );
                removed += 1;
            }
        }
    }
    assert!(removed > 0, "no release has a schema with members");
}

#[test]
fn a_released_schema_whose_type_is_gone_is_a_break() {
    for (release, schemas) in released() {
        let gone = complaints(&release, &schemas, &Schemas::new());
        assert_eq!(gone.len(), schemas.len());
    }
}
