//! Generated documents: OpenAPI and JSON Schemas. Committed, and checked to
//! be up to date.

use anyhow::Context as _;
use clap::Args;
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};
use utoipa::openapi::{
    Info, OpenApi,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// Where a document goes.
#[derive(Debug, Args)]
pub struct DocumentArgs {
    /// File (openapi) or folder (schemas) to write; standard output if absent
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Write nothing, fail if what is committed (or at PATH) differs
    #[arg(long)]
    check: bool,
}

/// Where the documents are in the repository.
const OPENAPI_FILE: &str = "docs/openapi.json";
const SCHEMAS_FOLDER: &str = "contracts/schemas";

impl DocumentArgs {
    /// Where to write or look; none for standard output.
    fn place(&self, committed: &'static str) -> Option<PathBuf> {
        let committed = self.check.then(|| PathBuf::from(committed));
        self.out.clone().or(committed)
    }
}

/// The document of both APIs, as the front serves it.
pub fn merged_openapi() -> OpenApi {
    let mut document = command_api::openapi();
    document.merge(read_api::openapi());
    document.info = Info::new("Orderlog", env!("CARGO_PKG_VERSION"));
    document.info.description = Some(
        "An event-sourced order system. Writes are commands and answer the order as they left \
         it; reads are served from projections and say how old they are."
            .into(),
    );
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("API key")
        .description(Some("`ol_…`, made by `orderlog api-key create`"))
        .build();
    let components = document.components.get_or_insert_with(Default::default);
    components.add_security_scheme("api_key", SecurityScheme::Http(bearer));
    document
}

/// `orderlog openapi`.
pub fn openapi(args: &DocumentArgs) -> anyhow::Result<ExitCode> {
    let text = merged_openapi().to_pretty_json()? + "\n";
    match args.place(OPENAPI_FILE) {
        None => print!("{text}"),
        Some(path) => put(&path, &text, args.check)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `orderlog schemas`.
pub fn schemas(args: &DocumentArgs) -> anyhow::Result<ExitCode> {
    let schemas = contracts::order::schemas();
    for (name, schema) in &schemas {
        let text = serde_json::to_string_pretty(schema)? + "\n";
        match args.place(SCHEMAS_FOLDER) {
            None => print!("{text}"),
            Some(folder) => put(&folder.join(file_name(name)), &text, args.check)?,
        }
    }
    if let Some(folder) = args.place(SCHEMAS_FOLDER) {
        let names: Vec<String> = schemas.iter().map(|(name, _)| file_name(name)).collect();
        refuse_others(&folder, &names)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn file_name(schema: &str) -> String {
    format!("{schema}.json")
}

/// A schema without its type is a leftover that would be published.
fn refuse_others(folder: &Path, names: &[String]) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        anyhow::ensure!(
            names.contains(&name),
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
