//! `orderlog dev`: one command, everything; what it leaves behind, and what it
//! says when something dies.

use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{ExitStatus, Stdio},
};
use tempfile::TempDir;
use tests::{Api, answer, on_own_servers, orderlog, root, skipped, wait_until};
use tokio::process::{Child, Command};

/// All tests of `dev`.
pub fn trials() -> Vec<Trial> {
    vec![
        on_own_servers("dev::a_second_run_finds_its_data_again", again),
        on_own_servers("dev::a_dead_server_is_named_and_ends_it", dead_server),
        on_own_servers("dev::a_killed_run_is_taken_over", taken_over),
        on_own_servers("dev::the_script_and_the_client_use_it", used),
        on_own_servers("dev::sample_data_is_made_once_and_in_nobodys_way", sample),
        on_own_servers("dev::data_of_an_older_format_is_refused", older_format),
    ]
}

/// What each page of the console shows of the first data.
const PAGES: [(&str, &str); 7] = [
    ("orders", "<tr data-entry"),
    ("figures", "<svg class=\"chart\""),
    ("pipeline", "class=\"flow\""),
    ("webhooks", "https://erp.example/hooks/orders"),
    ("operations", "import of csv, dry run"),
    ("exports", "<tr data-entry"),
    ("keys", "<tr data-entry"),
];

/// A folder of `dev`, with the servers that this checkout has fetched.
fn folder() -> anyhow::Result<TempDir> {
    let dir = tempfile::tempdir()?;
    let fetched = root().join(".orderlog/servers");
    fs::create_dir_all(&fetched)?;
    symlink(fetched, dir.path().join("servers"))?;
    // PostgreSQL runs as somebody else where the tests run as root.
    fs::set_permissions(
        dir.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )?;
    Ok(dir)
}

/// A running `orderlog dev`.
struct Dev {
    child: Child,
    api: Api,
}

impl Dev {
    /// Starts it and waits until it says where it is.
    async fn start(dir: &Path) -> anyhow::Result<Self> {
        Self::start_with(dir, &[]).await
    }

    /// The same with more arguments.
    async fn start_with(dir: &Path, more: &[&str]) -> anyhow::Result<Self> {
        let said = dir.join("said");
        let output = fs::File::create(&said)?;
        let mut command = Command::new(orderlog()?);
        command
            .args(["dev", "--port", "0", "--dir"])
            .arg(dir)
            .args(more)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ORDERLOG_") {
                command.env_remove(name);
            }
        }
        let mut child = command.spawn()?;
        let said = wait_until("dev to be ready", async || {
            let said = fs::read_to_string(&said)?;
            if let Some(status) = child.try_wait()? {
                anyhow::bail!("dev ended ({status}):\n{said}");
            }
            Ok(said.contains("in all").then_some(said))
        })
        .await?;
        let after = |label: &str| {
            let line = said.lines().find(|l| l.trim_start().starts_with(label));
            line.and_then(|l| l.split_whitespace().last())
                .map(str::to_owned)
        };
        let url = after("API  ").context("no address")?;
        let key = after("API key").context("no key")?;
        let api = Api::with_key(url.trim_end_matches("/v1"), &key);
        Ok(Self { child, api })
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let id = self.child.id().context("it has ended")?;
        let pid = Pid::from_raw(i32::try_from(id)?).context("no process")?;
        Ok(kill_process(pid, signal)?)
    }

    async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        wait_until("dev to end", async || Ok(self.child.try_wait()?)).await
    }

    async fn place(&self) -> anyhow::Result<()> {
        let order = json!({
            "platform": "web", "external_id": "W-1", "currency": "GBP",
            "lines": [{"sku": "LAMP", "name": "Desk lamp", "quantity": 2, "unit_price": "19.99"}],
        });
        self.api.post("/v1/orders", &order).await?.expect(201)?;
        Ok(())
    }

    /// Signs in to the console; the cookie of the session.
    async fn sign_in(&self) -> anyhow::Result<String> {
        let client = reqwest::Client::builder();
        let client = client.redirect(reqwest::redirect::Policy::none()).build()?;
        let request = client.post(format!("{}/console/sign-in", self.api.url()));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request
            .body(format!("key={}", self.api.key()))
            .send()
            .await?;
        ensure!(answer.status() == 303, "{}", answer.status());
        let cookies = answer.headers().get_all("set-cookie").iter();
        let mut cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let session = cookies.find(|cookie| cookie.starts_with("orderlog_console="));
        Ok(session.context("no session")?.to_owned())
    }

    /// The console shows the order to whoever has signed in.
    async fn sees_orders(&self, session: &str) -> anyhow::Result<()> {
        let url = format!("{}/console/orders?columns=external_id", self.api.url());
        let request = reqwest::Client::new().get(url).header("cookie", session);
        let page = request.send().await?.text().await?;
        ensure!(page.contains(">W-1<"), "{page}");
        Ok(())
    }

    /// A page of the console shows this, once the views have it.
    async fn shows(&self, session: &str, page: &str, text: &str) -> anyhow::Result<()> {
        let url = format!("{}/console/{page}", self.api.url());
        wait_until(page, async || {
            let request = reqwest::Client::new().get(&url).header("cookie", session);
            let shown = request.send().await?.text().await?;
            Ok(shown.contains(text).then_some(()))
        })
        .await
    }

    async fn find(&self) -> anyhow::Result<()> {
        let path = "/v1/orders/by_external_id/web/W-1?min_version=1";
        let request = self.api.request(Method::GET, path);
        let read = answer(request.header("Prefer", "wait=20, handling=strict")).await?;
        ensure!(read.expect(200)?.json["totals"]["total"] == 3_998);
        Ok(())
    }
}

/// What comes with it to be run against it.
async fn used() -> anyhow::Result<()> {
    let dir = folder()?;
    let mut dev = Dev::start(dir.path()).await?;
    walk(&dev).await?;
    client(&dev).await?;
    dev.signal(Signal::TERM)?;
    ensure!(dev.ended().await?.success());
    Ok(())
}

/// `scripts/walk-order`, as the README says: an order through its life.
async fn walk(dev: &Dev) -> anyhow::Result<()> {
    let script = Command::new(root().join("scripts/walk-order"))
        .arg(dev.api.url())
        .env("ORDERLOG_API_KEY", dev.api.key())
        .output()
        .await;
    let output = match script {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skipped("scripts/walk-order was not run: there is no python3 here");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}{complaint}");
    let (_, timeline) = said.split_once("Its timeline").context("no timeline")?;
    for event in [
        "order.draft_created",
        "order.placed",
        "order.payment_authorized",
        "order.line_added",
        "order.payment_captured",
        "order.fulfillment_shipped",
        "order.return_received",
        "order.refund_issued",
        "order.archived",
    ] {
        ensure!(timeline.contains(event), "{event} is missing: {said}");
    }
    ensure!(timeline.contains("one lamp came back"), "{said}");
    Ok(())
}

/// `scripts/check-client`: clients/typescript, compiled and run.
async fn client(dev: &Dev) -> anyhow::Result<()> {
    let output = Command::new(root().join("scripts/check-client"))
        .env("ORDERLOG_URL", dev.api.url())
        .env("ORDERLOG_API_KEY", dev.api.key())
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}{complaint}");
    if complaint.contains("SKIPPED") {
        let lines = complaint.lines();
        lines
            .filter_map(|line| line.strip_prefix("!!! SKIPPED: "))
            .for_each(skipped);
    } else {
        ensure!(
            said.contains("a running system") && !said.contains("SKIP"),
            "{said}"
        );
    }
    Ok(())
}

/// Processes that have this folder on their command line.
fn processes_in(dir: &Path) -> anyhow::Result<Vec<i32>> {
    let dir = dir.to_string_lossy().into_owned();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Ok(id) = name.to_string_lossy().parse::<i32>() else {
            continue;
        };
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).contains(&dir) {
            found.push(id);
        }
    }
    Ok(found)
}

async fn again() -> anyhow::Result<()> {
    let dir = folder()?;
    let mut first = Dev::start(dir.path()).await?;
    first.place().await?;
    first.find().await?;
    let session = first.sign_in().await?;
    first.sees_orders(&session).await?;
    first.signal(Signal::INT)?;
    ensure!(first.ended().await?.success(), "Ctrl-C is no failure");
    ensure!(
        processes_in(dir.path())?.is_empty(),
        "something is left running"
    );

    // The configuration names the file of the master key, and has not the key.
    let master = fs::read_to_string(dir.path().join("master-key"))?;
    let config = fs::read_to_string(dir.path().join("config.toml"))?;
    ensure!(config.contains("master-key") && !config.contains(master.trim()));

    let mut second = Dev::start(dir.path()).await?;
    ensure!(second.api.key() == first.api.key(), "the key changed");
    let kept = fs::read_to_string(dir.path().join("master-key"))?;
    ensure!(kept == master, "the master key changed");
    second.find().await?;
    second.sees_orders(&session).await?;
    second.signal(Signal::TERM)?;
    ensure!(second.ended().await?.success());
    Ok(())
}

/// The first order of the guide is placed meanwhile; a second start adds nothing.
async fn sample() -> anyhow::Result<()> {
    let dir = folder()?;
    let arguments = ["--seed-orders", "40"];
    let said = || fs::read_to_string(dir.path().join("said"));
    let mut first = Dev::start_with(dir.path(), &arguments).await?;
    first.place().await?;
    first.find().await?;
    wait_until("the sample data", async || {
        Ok(said()?.contains("sample data: 40 orders").then_some(()))
    })
    .await?;
    // The views hear of it a little later.
    wait_until("an order of it", async || {
        let list = first.api.get("/v1/orders?platform=fernwick-uk").await?;
        Ok((!list.expect(200)?.json["data"][0].is_null()).then_some(()))
    })
    .await?;
    let session = first.sign_in().await?;
    for (page, text) in PAGES {
        first.shows(&session, page, text).await?;
    }
    first.signal(Signal::INT)?;
    ensure!(first.ended().await?.success());

    let mut second = Dev::start_with(dir.path(), &arguments).await?;
    second.find().await?;
    ensure!(!said()?.contains("Sample"), "it is made again");
    second.signal(Signal::TERM)?;
    ensure!(second.ended().await?.success());
    ensure!(!said()?.contains("sample data"), "it is made again");
    Ok(())
}

async fn dead_server() -> anyhow::Result<()> {
    let dir = folder()?;
    let mut dev = Dev::start(dir.path()).await?;
    let pid = fs::read_to_string(dir.path().join("run/redis.pid"))?;
    let pid: i32 = pid.split_whitespace().next().context("no pid")?.parse()?;
    kill_process(Pid::from_raw(pid).context("no process")?, Signal::KILL)?;
    ensure!(!dev.ended().await?.success(), "a dead server is no success");
    let said = fs::read_to_string(dir.path().join("said"))?;
    let last = said.rsplit("in all").next().unwrap_or_default();
    ensure!(last.contains("Redis"), "it does not say who died:\n{last}");
    ensure!(
        processes_in(dir.path())?.is_empty(),
        "something is left running"
    );
    Ok(())
}

async fn taken_over() -> anyhow::Result<()> {
    let dir = folder()?;
    let mut first = Dev::start(dir.path()).await?;
    first.place().await?;
    first.signal(Signal::KILL)?;
    first.ended().await?;
    ensure!(
        !processes_in(dir.path())?.is_empty(),
        "nothing to take over"
    );

    let mut second = Dev::start(dir.path()).await?;
    second.find().await?;
    second.signal(Signal::INT)?;
    ensure!(second.ended().await?.success());
    ensure!(
        processes_in(dir.path())?.is_empty(),
        "something is left running"
    );
    Ok(())
}

/// Refused before any server is started, with what to do.
async fn older_format() -> anyhow::Result<()> {
    let dir = folder()?;
    fs::create_dir(dir.path().join("data"))?;
    let output = Command::new(orderlog()?)
        .args(["dev", "--port", "0", "--dir"])
        .arg(dir.path())
        .output()
        .await?;
    ensure!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(said.contains("make clean-data"), "{said}");
    ensure!(!dir.path().join("run").exists(), "something was started");
    Ok(())
}
