//! Several processes on the same orders, each with aggregates in memory: what
//! is stale there costs a retry, never a wrong decision.

use super::scene::{Log, context, note, place, tag, under, untag};
use anyhow::{Context as _, Result, ensure};
use domain::order::{
    OrderCommand, Rejection,
    command::{PlaceHold, ReleaseHold},
};
use futures_util::future::join_all;
use infra::{clock, command::ExecuteError, config::EventStoreKind, http::IfMatch};
use tests::TestEnv;
use uuid::Uuid;

struct Two {
    one: Log,
    other: Log,
    /// An order that both have in memory as it is.
    id: Uuid,
}

impl Two {
    async fn new(env: &TestEnv, kind: EventStoreKind) -> Result<Self> {
        let (one, other) = (Log::new(env, kind).await?, Log::another(env, kind)?);
        let id = one.placed().await?;
        other.send(id, &context(), &tag("seen")).await?;
        one.send(id, &context(), &tag("also-seen")).await?;
        Ok(Self { one, other, id })
    }
}

fn release(hold: &str) -> OrderCommand {
    let hold = Some(hold.try_into().expect("valid"));
    ReleaseHold { hold, reason: None }.into()
}

/// In memory the order is behind: the append finds that out.
pub async fn a_stale_order_costs_a_retry(env: &TestEnv, kind: EventStoreKind) -> Result<()> {
    let Two { one, other, id } = Two::new(env, kind).await?;
    for round in 0..10 {
        let tag = tag(&format!("t{round}"));
        let process = if round % 2 == 0 { &other } else { &one };
        process.send(id, &context(), &tag).await?;
    }
    let versions: Vec<i64> = one.stream(id).await?.iter().map(|e| e.sequence).collect();
    ensure!(versions == (1..=13).collect::<Vec<_>>(), "{versions:?}");
    Ok(())
}

/// A refusal that only memory gives a reason for is none.
pub async fn nothing_is_refused_for_what_is_only_in_memory(
    env: &TestEnv,
    kind: EventStoreKind,
) -> Result<()> {
    let Two { one, other, id } = Two::new(env, kind).await?;
    let hold = PlaceHold {
        reason: "fraud check".try_into().expect("valid"),
        handle: None,
    };
    other.send(id, &context(), &hold.into()).await?;
    let released = one.send(id, &context(), &release("h1")).await;
    released.context("the hold is not in its memory")?;
    let again = one.send(id, &context(), &release("h2")).await;
    ensure!(
        matches!(
            again,
            Err(ExecuteError::Rejected(Rejection::NoSuchPart { .. }))
        ),
        "{again:?}"
    );
    Ok(())
}

/// “Nothing to do” is said of the order as it is.
pub async fn nothing_is_left_undone_for_what_is_only_in_memory(
    env: &TestEnv,
    kind: EventStoreKind,
) -> Result<()> {
    let Two { one, other, id } = Two::new(env, kind).await?;
    one.send(id, &context(), &tag("vip")).await?;
    other.send(id, &context(), &untag("vip")).await?;
    let tagged = one.send(id, &context(), &tag("vip")).await?;
    ensure!(
        tagged.events.len() == 1,
        "it believed its memory: {tagged:?}"
    );
    Ok(())
}

/// `If-Match` is about the order as it is.
pub async fn a_precondition_is_held_against_the_log(
    env: &TestEnv,
    kind: EventStoreKind,
) -> Result<()> {
    let Two { one, other, id } = Two::new(env, kind).await?;
    let version = other.send(id, &context(), &note()).await?.state.version;
    let mut stale = context();
    stale.if_match = Some(IfMatch::Versions(vec![version - 1]));
    let refused = one.send(id, &stale, &note()).await;
    ensure!(
        matches!(refused, Err(ExecuteError::PreconditionFailed { version: v }) if v == version),
        "{refused:?}"
    );
    other.send(id, &context(), &note()).await?;
    let mut now = context();
    now.if_match = Some(IfMatch::Versions(vec![version + 1]));
    one.send(id, &now, &note()).await?;
    Ok(())
}

/// A repeat is recognised by whichever process gets it, also where the order
/// as it is now would refuse it.
pub async fn a_repeat_elsewhere_gets_the_first_answer(
    env: &TestEnv,
    kind: EventStoreKind,
) -> Result<()> {
    let Two { one, other, id } = Two::new(env, kind).await?;
    let hold = PlaceHold {
        reason: "fraud check".try_into().expect("valid"),
        handle: None,
    };
    one.send(id, &context(), &hold.into()).await?;
    let once = context();
    let first = one.send(id, &once, &release("h1")).await?;
    for process in [&one, &other, &Log::another(env, kind)?] {
        let repeat = process.send(id, &once, &release("h1")).await?;
        ensure!(
            repeat.replayed && repeat.state.at == first.state.at,
            "{repeat:?}"
        );
        ensure!(repeat.state.view == first.state.view);
    }
    let other_payload = under(once.identity.id, "other");
    let refused = other.send(id, &other_payload, &release("h1")).await;
    ensure!(
        matches!(refused, Err(ExecuteError::KeyReused)),
        "{refused:?}"
    );
    Ok(())
}

/// One key raced by both processes at once: stored once, one answer for all.
pub async fn a_key_raced_by_two_processes_is_one_command(
    env: &TestEnv,
    kind: EventStoreKind,
) -> Result<()> {
    let (one, other) = (Log::new(env, kind).await?, Log::another(env, kind)?);
    for _ in 0..50 {
        let (id, key) = (clock::new_id(), context());
        let (placing, processes) = (place(id), [&one, &other, &one, &other]);
        let sent = processes.iter().map(|p| p.send(id, &key, &placing));
        let sent = join_all(sent)
            .await
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        ensure!(sent.iter().filter(|o| !o.replayed).count() == 1, "{sent:?}");
        ensure!(sent.iter().all(|o| o.state.view == sent[0].state.view));
        ensure!(one.stream(id).await?.len() == 1);
    }
    Ok(())
}

/// The log was put back to an earlier moment while a process had the order in
/// memory as it was: nothing is appended after what is not there.
pub async fn nothing_follows_what_the_log_has_lost(env: &TestEnv) -> Result<()> {
    let Two { one, id, .. } = Two::new(env, EventStoreKind::Grouped).await?;
    let lost = sqlx::query("DELETE FROM events WHERE aggregate_id = $1 AND sequence > 1")
        .bind(id.to_string())
        .execute(&one.pool)
        .await?;
    ensure!(lost.rows_affected() == 2);
    let noted = one.send(id, &context(), &note()).await?;
    ensure!(noted.state.version == 2, "{noted:?}");
    let versions: Vec<i64> = one.stream(id).await?.iter().map(|e| e.sequence).collect();
    ensure!(versions == [1, 2], "{versions:?}");
    Ok(())
}
