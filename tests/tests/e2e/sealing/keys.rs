//! The keys of subjects: made once, looked up together.

use super::scene::{Process, Scene};
use anyhow::{Result, ensure};
use futures_util::future::{join_all, try_join_all};
use infra::{
    clock,
    command::ExecuteError,
    config::EventStoreKind,
    event_store::NewEvent,
    lifecycle::error_chain,
    log::Metadata,
    sealing::{MasterKey, Unsealed},
    secret::Secret,
};
use sqlx::PgPool;
use tests::{TestEnv, wait_until};
use uuid::Uuid;

fn event(subject: Uuid) -> Unsealed {
    Unsealed {
        event: NewEvent {
            sequence: 1,
            event_type: "Happened".into(),
            event_version: "1".into(),
            payload: r#"{"Happened":{"personal":{"name":"ada-lovelace"}}}"#.into(),
            metadata: Metadata::default(),
        },
        subject: Some(subject),
    }
}

async fn count(pool: &PgPool, sql: &str) -> Result<i64> {
    Ok(sqlx::query_scalar(sql).fetch_one(pool).await?)
}

/// Counts the statements that insert keys.
const COUNT_INSERTS: &str = "CREATE SEQUENCE inserts; \
    CREATE FUNCTION count_insert() RETURNS trigger LANGUAGE plpgsql AS $$ \
        BEGIN PERFORM nextval('inserts'); RETURN NULL; END $$; \
    CREATE TRIGGER count_inserts AFTER INSERT ON subject_keys \
        FOR EACH STATEMENT EXECUTE FUNCTION count_insert()";

/// A hundred new subjects at once cost no hundred statements: while the first
/// is under way, the others gather.
pub async fn new_subjects_are_made_together(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    sqlx::raw_sql(COUNT_INSERTS).execute(&scene.ops).await?;
    let process = scene.process()?;
    let mut held = scene.ops.begin().await?;
    sqlx::query("LOCK TABLE subject_keys IN EXCLUSIVE MODE")
        .execute(&mut *held)
        .await?;
    let events: Vec<[Unsealed; 1]> = (0..100).map(|_| [event(clock::new_id())]).collect();
    let seals = try_join_all(events.iter().map(|event| process.sealing.seal("a", event)));
    let release = async {
        wait_until("an INSERT that waits", async || {
            let waiting = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                WHERE d.datname = current_database() AND NOT granted";
            Ok((count(&scene.ops, waiting).await? > 0).then_some(()))
        })
        .await?;
        held.rollback().await?;
        anyhow::Ok(())
    };
    let (sealed, released) = tokio::join!(seals, release);
    released?;
    ensure!(sealed?.len() == 100);
    let inserts = count(&scene.ops, "SELECT last_value FROM inserts").await?;
    ensure!(inserts <= 2, "{inserts} statements for a hundred keys");
    ensure!(count(&scene.ops, "SELECT count(*) FROM subject_keys").await? == 100);
    Ok(())
}

/// Two processes meet the same new subjects at the same time: whoever comes
/// first has made the key for both, and each reads what the other wrote.
pub async fn two_processes_end_with_one_key(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let processes = [scene.process()?, scene.process()?];
    let subjects: Vec<Uuid> = (0..40).map(|_| clock::new_id()).collect();
    let (forth, back): (Vec<_>, Vec<_>) = (
        subjects.iter().map(|s| [event(*s)]).collect(),
        subjects.iter().rev().map(|s| [event(*s)]).collect(),
    );
    let seal = async |process: &Process, events: &[[Unsealed; 1]]| {
        let seals = events.iter().map(|event| process.sealing.seal("a", event));
        join_all(seals).await
    };
    let (first, second) = tokio::join!(seal(&processes[0], &forth), seal(&processes[1], &back));
    ensure!(count(&scene.ops, "SELECT count(*) FROM subject_keys").await? == 40);
    let fresh = scene.process()?;
    for sealed in first.into_iter().chain(second) {
        for event in sealed?.0 {
            let mut stored = vec![stored("a", event)];
            fresh.sealing.open(&mut stored).await?;
            ensure!(stored[0].payload.contains("ada-lovelace"), "{stored:?}");
        }
    }
    Ok(())
}

fn stored(aggregate_id: &str, event: NewEvent) -> infra::log::StoredEvent {
    infra::log::StoredEvent {
        aggregate_type: "order".into(),
        aggregate_id: aggregate_id.into(),
        sequence: event.sequence,
        event_type: event.event_type,
        event_version: event.event_version,
        payload: event.payload,
        metadata: event.metadata,
        at: contracts::LogPosition::START,
        recorded_at: time::OffsetDateTime::UNIX_EPOCH,
    }
}

/// Counts the statements that read keys.
const COUNT_LOADS: &str = "CREATE SEQUENCE loads; ALTER TABLE subject_keys RENAME TO kept_keys; \
    CREATE VIEW subject_keys AS \
        WITH once AS MATERIALIZED (SELECT nextval('loads')) SELECT k.* FROM kept_keys k, once";

async fn loads(ops: &PgPool) -> Result<i64> {
    count(
        ops,
        "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM loads",
    )
    .await
}

/// What was used a moment ago is in memory.
pub async fn a_hot_subject_asks_nothing(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let process = scene.process()?;
    let id = process.place("ada-lovelace").await?;
    // A key could neither be read nor be made from here on.
    sqlx::raw_sql(COUNT_LOADS).execute(&scene.ops).await?;
    process.note(id, "ring-twice").await?;
    process.note(id, "ring-again").await?;
    ensure!(loads(&scene.ops).await? == 0, "a key was read");
    Ok(())
}

/// Two hundred events of a hundred subjects: one query.
pub async fn many_events_ask_once(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let writer = scene.process()?;
    let mut events = Vec::new();
    let new: Vec<[Unsealed; 1]> = (0..100).map(|_| [event(clock::new_id())]).collect();
    for (sealed, _) in try_join_all(new.iter().map(|event| writer.sealing.seal("a", event))).await?
    {
        events.extend(sealed.into_iter().map(|event| stored("a", event)));
    }
    events.extend(events.clone());
    sqlx::raw_sql(COUNT_LOADS).execute(&scene.ops).await?;
    scene.process()?.sealing.open(&mut events).await?;
    ensure!(events.iter().all(|e| e.payload.contains("ada-lovelace")));
    ensure!(loads(&scene.ops).await? == 1, "more than one query");
    Ok(())
}

/// A process with the wrong master key takes nothing for erased or damaged: it
/// says which key it has, and which it needs.
pub async fn another_master_key_is_named(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let id = scene.process()?.place("ada-lovelace").await?;
    let mut config = env.config.clone();
    let other = MasterKey::random()?;
    config.master_key_file.clear();
    config.master_key = Secret::new(other.clone());
    let stranger = Process::told(&config, EventStoreKind::Grouped)?;
    let ids = [
        MasterKey::from_base64(&other)?.id().to_owned(),
        MasterKey::from_config(&env.config)?.id().to_owned(),
    ];
    match stranger.note(id, "ring-twice").await {
        Err(ExecuteError::Broken(source)) => {
            let reason = error_chain(source.as_ref());
            ensure!(ids.iter().all(|id| reason.contains(id)), "{reason}");
        }
        other => anyhow::bail!("{other:?}"),
    }
    Ok(())
}

/// Those roles that need it end at once; the others do not ask for it.
pub async fn a_role_without_a_master_key_says_what_to_do(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    for name in ["command-api", "projector", "read-api"] {
        let role = env
            .role(name)
            .config(|config| config.master_key_file.clear());
        let mut role = role.spawn()?;
        role.log_line("openssl rand -base64 32").await?;
        ensure!(!role.ended().await?.success(), "{name} goes on without");
    }
    let relay = env
        .role("relay")
        .config(|config| config.master_key_file.clear());
    relay.spawn()?.ready().await?;
    Ok(())
}
