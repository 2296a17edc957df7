//! Generated documents: OpenAPI, AsyncAPI and JSON Schemas. Committed, and
//! checked to be up to date.

use anyhow::Context as _;
use clap::Args;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Where a document goes.
#[derive(Debug, Args)]
pub struct DocumentArgs {
    /// File (openapi, asyncapi) or folder (schemas) to write; standard output if absent
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Write nothing, fail if what is committed (or at PATH) differs
    #[arg(long)]
    check: bool,
}

/// Where the schemas go.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    #[command(flatten)]
    document: DocumentArgs,
    /// Keep today's schemas as the released ones of this version (vMAJOR.MINOR),
    /// which every later version must be compatible with
    #[arg(long, value_name = "VERSION", conflicts_with = "check")]
    release: Option<String>,
}

/// Where the documents are in the repository.
const OPENAPI_FILE: &str = "docs/openapi.json";
const ASYNCAPI_FILE: &str = "docs/asyncapi.json";
const SCHEMAS_FOLDER: &str = "contracts/schemas";
/// The folder of the releases in the folder of the schemas.
const RELEASES: &str = "released";

impl DocumentArgs {
    /// Where to write or look; none for standard output.
    fn place(&self, committed: &'static str) -> Option<PathBuf> {
        let committed = self.check.then(|| PathBuf::from(committed));
        self.out.clone().or(committed)
    }
}

/// `orderlog openapi`.
pub fn openapi(args: &DocumentArgs) -> anyhow::Result<ExitCode> {
    let text = crate::openapi::merged().to_pretty_json()? + "\n";
    match args.place(OPENAPI_FILE) {
        None => print!("{text}"),
        Some(path) => put(&path, &text, args.check)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `orderlog asyncapi`.
pub fn asyncapi(args: &DocumentArgs) -> anyhow::Result<ExitCode> {
    let document = contracts::asyncapi::document()?;
    let text = serde_json::to_string_pretty(&document)? + "\n";
    match args.place(ASYNCAPI_FILE) {
        None => print!("{text}"),
        Some(path) => put(&path, &text, args.check)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `orderlog schemas`.
pub fn schemas(args: &SchemaArgs) -> anyhow::Result<ExitCode> {
    let schemas = schema_files()?;
    let (args, release) = (&args.document, &args.release);
    if let Some(release) = release {
        let folder = args.out.as_deref().unwrap_or(Path::new(SCHEMAS_FOLDER));
        keep(&folder.join(RELEASES), release, &schemas)?;
        return Ok(ExitCode::SUCCESS);
    }
    let place = args.place(SCHEMAS_FOLDER);
    for (name, text) in &schemas {
        match &place {
            None => print!("{text}"),
            Some(folder) => put(&folder.join(name), text, args.check)?,
        }
    }
    if let Some(folder) = place {
        refuse_others(&folder, &schemas)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// File names and texts of today's schemas.
fn schema_files() -> anyhow::Result<BTreeMap<String, String>> {
    let schemas = contracts::schemas().into_iter();
    schemas
        .map(|(name, schema)| {
            let text = serde_json::to_string_pretty(&schema)? + "\n";
            Ok((format!("{name}.json"), text))
        })
        .collect()
}

/// Writes a release, whole or not at all; one that is there stays as it is.
fn keep(releases: &Path, release: &str, schemas: &BTreeMap<String, String>) -> anyhow::Result<()> {
    anyhow::ensure!(
        is_version(release),
        "{release:?} is not a version such as v1.0"
    );
    let folder = releases.join(release);
    let shown = folder.display();
    anyhow::ensure!(
        !folder.exists(),
        "{shown} is released: what was released never changes, take the next version"
    );
    let unfinished = releases.with_file_name(format!(".{RELEASES}-{release}"));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    for (name, text) in schemas {
        put(&unfinished.join(name), text, false)?;
    }
    fs::create_dir_all(releases)?;
    fs::rename(&unfinished, &folder).with_context(|| format!("cannot make {shown}"))
}

/// `v1.0`, `v12.34`.
fn is_version(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let version = text.strip_prefix('v').and_then(|v| v.split_once('.'));
    version.is_some_and(|(major, minor)| number(major) && number(minor))
}

/// A schema without its type is a leftover that would be published.
fn refuse_others(folder: &Path, schemas: &BTreeMap<String, String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        anyhow::ensure!(
            schemas.contains_key(&name) || name == RELEASES,
            "{}/{name} belongs to no event",
            folder.display()
        );
    }
    Ok(())
}

fn put(path: &Path, text: &str, check: bool) -> anyhow::Result<()> {
    let shown = path.display();
    if check {
        let present = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        anyhow::ensure!(
            present == text,
            "{shown} is out of date: run `make generate`"
        );
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {shown}"))
}
