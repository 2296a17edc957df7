//! What docs/integrators promises, and the example there, run as it stands.

use anyhow::{Context as _, ensure};
use contracts::topics;
use infra::config::Config;
use libtest_mimic::Trial;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tests::{Answer, Api, DEADLINE, TestEnv, skipped};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// All tests for integrators.
pub fn trials() -> Vec<Trial> {
    vec![
        tests::on_servers(
            "integrators::the_example_names_every_event_once_in_order",
            the_example_names_every_event_once_in_order,
        ),
        tests::plain(
            "integrators::a_release_of_the_schemas_is_never_written_twice",
            a_release_of_the_schemas_is_never_written_twice,
        ),
        tests::plain(
            "integrators::the_guide_has_every_topic_and_kind_of_event",
            the_guide_has_every_topic_and_kind_of_event,
        ),
    ]
}

/// Each topic with its partitions, and what types of events begin with.
fn the_guide_has_every_topic_and_kind_of_event() -> anyhow::Result<()> {
    let guide = fs::read_to_string(tests::root().join("docs/integrators/README.md"))?;
    let row = |topic: &str| {
        let begins = format!("| `{topic}` |");
        let row = guide.lines().find(|line| line.starts_with(&begins));
        row.with_context(|| format!("docs/integrators says nothing of {topic}"))
    };
    for topic in topics::ALL {
        let told = row(topic.name)?;
        let partitions = match topic.partitions {
            1 => "1 partition".to_owned(),
            count => format!("{count} partitions"),
        };
        let internal = topic.name == topics::RELAY_PROGRESS && told.contains("internal");
        ensure!(internal || told.contains(&partitions), "{told}");
    }
    row(&format!("{}<slug>", topics::ORDER_EVENTS_OF_PLATFORM))?;
    for event_type in contracts::event_types() {
        let (about, _) = event_type.split_once('.').context(event_type)?;
        ensure!(
            guide.contains(&format!("`{about}.")),
            "docs/integrators says nothing of {event_type}"
        );
    }
    Ok(())
}

/// Two runs of one group: the second goes on where the first was. Between them
/// every partition gets a record whose transaction is rolled back.
async fn the_example_names_every_event_once_in_order(env: &TestEnv) -> anyhow::Result<()> {
    let Some(python) = tokio::task::spawn_blocking(python).await?? else {
        return Ok(());
    };
    env.orderlog_ok(&["migrate"]).await?;
    let mut roles = [env.role("command-api").spawn()?, env.role("relay").spawn()?];
    for role in &mut roles {
        role.ready().await?;
    }
    let api = Api::new(env, &roles[0]).await?;

    let first = placed(&api, 1).await?;
    let mut printed = run(env, &python, 1).await?;
    let config = env.config.clone();
    tokio::task::spawn_blocking(move || roll_back_on_every_partition(&config)).await??;
    let mut orders = vec![first];
    for number in 2..=4 {
        orders.push(placed(&api, number).await?);
    }
    for order in &mut orders[..2] {
        noted_and_cancelled(&api, order).await?;
    }
    let events: usize = orders.iter().map(|order| order.lines.len()).sum();
    printed.extend(run(env, &python, events - 1).await?);

    ensure!(printed.len() == events, "{printed:#?}");
    for order in &orders {
        let of_it: Vec<&String> = printed.iter().filter(|l| l.contains(&order.id)).collect();
        ensure!(
            of_it.iter().copied().eq(&order.lines),
            "{of_it:#?}, {:#?}",
            order.lines
        );
    }
    Ok(())
}

/// An order and what is to be printed about it.
struct Story {
    id: String,
    path: String,
    lines: Vec<String>,
}

impl Story {
    /// One more event, as the command's answer tells of it.
    fn tell(&mut self, event_type: &str, answer: &Value) {
        let (version, total) = (&answer["version"], &answer["totals"]["total"]);
        let status = answer["status"].as_str().unwrap_or_default();
        let id = &self.id;
        self.lines
            .push(format!("{event_type} {id} {version} {status} {total}"));
    }
}

async fn placed(api: &Api, number: i64) -> anyhow::Result<Story> {
    let body = json!({
        "platform": "web", "external_id": format!("I-{number}"), "currency": "GBP",
        "customer": {"name": "Ada Lovelace", "email": "ada@example.com"},
        "lines": [{"sku": "A", "name": "Lamp", "quantity": number, "unit_price": 1999}],
    });
    let answer: Answer = api.post("/v1/orders", &body).await?.expect(201)?;
    let id = answer.json["order_id"]
        .as_str()
        .context("no id")?
        .to_owned();
    let path = answer.header("location").to_owned();
    let lines = Vec::new();
    let mut story = Story { id, path, lines };
    story.tell("order.placed", &answer.json);
    Ok(story)
}

async fn noted_and_cancelled(api: &Api, story: &mut Story) -> anyhow::Result<()> {
    for (action, body, event_type) in [
        ("notes", json!({"text": "ring twice"}), "order.note_added"),
        ("cancel", json!({"reason": "too late"}), "order.cancelled"),
    ] {
        let path = format!("{}/{action}", story.path);
        let answer = api.post(&path, &body).await?.expect(200)?;
        story.tell(event_type, &answer.json);
    }
    Ok(())
}

/// Runs the example until it has seen `count` events; its lines without their
/// times.
async fn run(env: &TestEnv, python: &Path, count: usize) -> anyhow::Result<Vec<String>> {
    let script = tests::root().join("docs/integrators/consumer.py");
    let topic = env.config.kafka_name(topics::ORDER_EVENTS);
    let output = tokio::process::Command::new(python)
        .arg(script)
        .args([&env.config.kafka_bootstrap_servers, &topic])
        .args(["--count", &count.to_string(), "--group", &topic])
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(DEADLINE, output)
        .await
        .with_context(|| format!("the example has not seen {count} events"))??;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {errors}", output.status);
    let text = String::from_utf8(output.stdout)?;
    text.lines().map(without_time).collect()
}

fn without_time(line: &str) -> anyhow::Result<String> {
    let (time, rest) = line.split_once(' ').context("one word")?;
    OffsetDateTime::parse(time, &Rfc3339).with_context(|| line.to_owned())?;
    Ok(rest.to_owned())
}

/// What a reader sees that is not told `read_committed`. Blocks.
fn roll_back_on_every_partition(config: &Config) -> anyhow::Result<()> {
    let topic = config.kafka_name(topics::ORDER_EVENTS);
    let producer: BaseProducer = infra::kafka::client_config(config)
        .set("transactional.id", format!("{topic}.rolled-back"))
        .create()?;
    producer.init_transactions(DEADLINE)?;
    producer.begin_transaction()?;
    for partition in 0..topics::ORDER_EVENTS_PARTITIONS {
        let record = BaseRecord::<(), str>::to(&topic).partition(partition);
        let sent = producer.send(record.payload("{}"));
        sent.map_err(|(error, _)| error)?;
    }
    producer.flush(DEADLINE)?;
    producer.abort_transaction(DEADLINE)?;
    Ok(())
}

/// A Python that has what the examples need, in the target folder; none, and a
/// line that says so, where there is no Python or no package index. Blocks.
pub fn python() -> anyhow::Result<Option<PathBuf>> {
    let requirements = tests::root().join("docs/integrators/requirements.txt");
    let wanted = fs::read(&requirements)?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("integrators");
    let (python, installed) = (folder.join("bin/python"), folder.join("installed.txt"));
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(Some(python));
    }
    let made = step(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )
    .and_then(|()| {
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--only-binary",
            ":all:",
            "-r",
        ];
        step(Command::new(&python).args(pip).arg(&requirements))
    });
    if let Err(reason) = made {
        skipped(format!(
            "the examples in docs/integrators were not run: {reason}"
        ));
        return Ok(None);
    }
    fs::write(installed, wanted)?;
    Ok(Some(python))
}

/// One step of an installation, or why it failed.
fn step(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().display().to_string();
    let output = command
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let told = [output.stdout, output.stderr].concat();
    Err(format!("{program}: {}", String::from_utf8_lossy(&told)))
}

fn a_release_of_the_schemas_is_never_written_twice() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let release = |version: &str| {
        let mut orderlog = Command::new(tests::orderlog()?);
        let orderlog = orderlog.args(["schemas", "--release", version, "--out"]);
        anyhow::Ok(orderlog.arg(folder.path()).output()?)
    };
    for wrong in ["", "v1", "1.0", "v1.", "v1.0.0", "v1.0/..", "../v1.0"] {
        ensure!(!release(wrong)?.status.success(), "{wrong:?} is a version");
    }
    ensure!(release("v1.0")?.status.success());
    let placed = folder.path().join("released/v1.0/order.placed.v1.json");
    let kept: Value = serde_json::from_slice(&fs::read(&placed)?)?;
    ensure!(kept["properties"]["after"].is_object(), "{kept}");

    fs::write(&placed, "as it was")?;
    let again = release("v1.0")?;
    let told = String::from_utf8_lossy(&again.stderr);
    ensure!(
        !again.status.success() && told.contains("never changes"),
        "{told}"
    );
    ensure!(fs::read(&placed)? == b"as it was");
    ensure!(release("v1.1")?.status.success());
    ensure!(
        fs::read_dir(folder.path())?.count() == 1,
        "unfinished releases stay"
    );
    Ok(())
}
