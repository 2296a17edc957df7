//! The whole data set through the whole path, held against a computation that
//! shares nothing with it.

use super::{
    figures::Figures,
    independent::{Computed, compute},
    lives::lived,
    synthetic,
    system::System,
};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::{
    env,
    fs::File,
    path::{Path, PathBuf},
    time::Instant,
};
use tests::{TestEnv, root, skipped};

/// Beside the checkout, or in the folder that `ORDERLOG_SHARED_DIR` names.
fn whole_file() -> Option<PathBuf> {
    let shared =
        env::var_os("ORDERLOG_SHARED_DIR").map_or_else(|| root().join("../shared"), PathBuf::from);
    Some(shared.join("data/online-retail.csv.xz")).filter(|path| path.exists())
}

pub async fn statistics_equal_an_independent_computation(env: &TestEnv) -> anyhow::Result<()> {
    let Some(path) = whole_file() else {
        skipped(
            "import::whole_file: ../shared/data/online-retail.csv.xz is not there; name its folder \
             with ORDERLOG_SHARED_DIR",
        );
        return Ok(());
    };
    let computed = computed(&path).await?;
    ensure!((computed.invoices, computed.lines) == (25_900, 541_909));
    ensure!(computed.stock_movements == (1_336, 1_336));

    let system = System::start(env).await?;
    let file = path.to_str().context("a path that is text")?;
    let began = Instant::now();
    let summary = system.import(file, &[]).await?;
    let took = began.elapsed().as_secs_f64();
    eprintln!("import of the whole file: {took:.1} s, {summary}");
    check_summary(&summary)?;
    system.catches_up().await?;
    let lives = lived(&system, computed.orders).await?;
    system.verify_clean(24_564).await?;
    let figures = Figures {
        system: &system,
        lives: &lives,
    };
    figures.check().await?;

    // All that was compared is made of the log alone, and nothing is added to it.
    let events = system.events().await?;
    let again = system.import(file, &[]).await?;
    ensure!(again["imported"]["invoices"] == 0, "{again}");
    ensure!(again["already_there"] == summary["imported"], "{again}");
    ensure!(again["refused"] == summary["refused"], "{again}");
    let now = system.events().await?;
    ensure!(now == events, "{events} events became {now}");
    Ok(())
}

/// The same of a made-up file, which every machine has.
pub async fn statistics_of_a_made_up_file_equal_an_independent_computation(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let (text, shape) = synthetic::file(600);
    let computed = compute(text.as_bytes())?;
    ensure!((computed.invoices, computed.lines) == (shape.invoices, shape.lines));
    let orders = computed.invoices - computed.stock_movements.0;
    let system = System::start(env).await?;
    system.import(&system.file(&text)?, &[]).await?;
    system.verify_clean(orders).await?;
    let lives = lived(&system, computed.orders).await?;
    system.verify_clean(orders).await?;
    let figures = Figures {
        system: &system,
        lives: &lives,
    };
    figures.check().await
}

async fn computed(path: &Path) -> anyhow::Result<Computed> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || compute(liblzma::read::XzDecoder::new(File::open(path)?)))
        .await?
}

fn check_summary(summary: &Value) -> anyhow::Result<()> {
    ensure!(
        summary["read"] == json!({"invoices": 25_900, "lines": 541_909}),
        "{summary}"
    );
    ensure!(
        summary["imported"] == json!({"invoices": 24_564, "lines": 540_573}),
        "{summary}"
    );
    ensure!(
        summary["refused"] == json!({"invoices": 1_336, "lines": 1_336}),
        "{summary}"
    );
    ensure!(
        summary["refused_by_code"]
            == json!({"no_positive_quantity": {"invoices": 1_336, "lines": 1_336}}),
        "{summary}"
    );
    Ok(())
}
