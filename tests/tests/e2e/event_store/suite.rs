//! What holds for both ways to append.

use super::scene::{Log, context, note, place, under};
use anyhow::{Context as _, ensure};
use domain::order::Rejection;
use futures_util::future::join_all;
use infra::{
    clock,
    command::{ExecuteError, command_id},
    config::EventStoreKind,
    http::IfMatch,
    postgres,
};
use tests::TestEnv;
use uuid::Uuid;

/// Racing commands on one order are all stored, each once, without holes.
pub async fn racing_commands_are_all_stored_once(
    env: &TestEnv,
    kind: EventStoreKind,
) -> anyhow::Result<()> {
    let log = Log::new(env, kind).await?;
    let id = log.placed().await?;
    let (first, second) = (context(), context());
    let (a, b) = (note(), note());
    let outcomes = tokio::join!(log.send(id, &first, &a), log.send(id, &second, &b));
    outcomes.0?;
    outcomes.1?;
    let stream = log.stream(id).await?;
    let versions: Vec<i64> = stream.iter().map(|e| e.sequence).collect();
    ensure!(versions == [1, 2, 3], "{versions:?}");
    let places: Vec<_> = stream.iter().map(|e| (e.at.xid, e.at.position)).collect();
    ensure!(
        places.is_sorted(),
        "log order breaks the order's own: {places:?}"
    );
    Ok(())
}

/// A command and its repeats in flight at once: one is stored, all get its answer.
pub async fn repeats_in_flight_get_the_first_ones_answer(
    env: &TestEnv,
    kind: EventStoreKind,
) -> anyhow::Result<()> {
    let log = Log::new(env, kind).await?;
    let id = clock::new_id();
    let context = under(command_id("key_test", "POST /v1/orders", "k", 0), "payload");
    let command = place(id);
    let sent = join_all((0..8).map(|_| log.send(id, &context, &command))).await;
    let outcomes = sent.into_iter().collect::<Result<Vec<_>, _>>()?;
    let fresh = outcomes.iter().filter(|o| !o.replayed).count();
    ensure!(fresh == 1, "{fresh} commands claim to be the first");
    let positions: Vec<_> = outcomes.iter().map(|o| o.state.at).collect();
    ensure!(positions.windows(2).all(|p| p[0] == p[1]), "{positions:?}");
    ensure!(log.stream(id).await?.len() == 1);
    Ok(())
}

/// A repeat answers with the state as of then, whatever happened since.
pub async fn a_repeat_answers_as_of_then(
    env: &TestEnv,
    kind: EventStoreKind,
) -> anyhow::Result<()> {
    let log = Log::new(env, kind).await?;
    let id = log.placed().await?;
    let context = context();
    let first = log.send(id, &context, &note()).await?;
    log.send(id, &super::scene::context(), &note()).await?;
    let repeat = log.send(id, &context, &note()).await?;
    ensure!(repeat.replayed && repeat.events.len() == 1);
    ensure!(
        repeat.state.at == first.state.at && repeat.state.view == first.state.view,
        "the repeat saw a later state"
    );
    ensure!(log.stream(id).await?.len() == 3);
    Ok(())
}

/// The look-up comes before If-Match and before the decision.
pub async fn a_repeat_is_recognised_before_its_precondition(
    env: &TestEnv,
    kind: EventStoreKind,
) -> anyhow::Result<()> {
    let log = Log::new(env, kind).await?;
    let id = log.placed().await?;
    let mut context = context();
    context.if_match = Some(IfMatch::Versions(vec![1]));
    log.send(id, &context, &note()).await?;
    ensure!(log.send(id, &context, &note()).await?.replayed);
    context.identity.id = clock::new_id();
    let refused = log.send(id, &context, &note()).await;
    ensure!(
        matches!(
            refused,
            Err(ExecuteError::PreconditionFailed { version: 2 })
        ),
        "{refused:?}"
    );
    Ok(())
}

/// One key stands for one payload.
pub async fn a_key_with_another_payload_is_refused(
    env: &TestEnv,
    kind: EventStoreKind,
) -> anyhow::Result<()> {
    let log = Log::new(env, kind).await?;
    let id = log.placed().await?;
    let key = clock::new_id();
    log.send(id, &under(key, "a"), &note()).await?;
    let refused = log.send(id, &under(key, "b"), &note()).await;
    ensure!(
        matches!(refused, Err(ExecuteError::KeyReused)),
        "{refused:?}"
    );
    ensure!(log.stream(id).await?.len() == 2);
    Ok(())
}

/// A refused command leaves nothing behind.
pub async fn a_rejected_command_stores_nothing(
    env: &TestEnv,
    kind: EventStoreKind,
) -> anyhow::Result<()> {
    let log = Log::new(env, kind).await?;
    let id = clock::new_id();
    let refused = log.send(id, &context(), &note()).await;
    ensure!(
        matches!(
            refused,
            Err(ExecuteError::Rejected(Rejection::OrderNotFound))
        ),
        "{refused:?}"
    );
    ensure!(log.stream(id).await?.is_empty());
    Ok(())
}

/// Nothing is written before the INSERT: a transaction id taken earlier would
/// let a later sequence of an order stand before an earlier one.
pub async fn nothing_is_written_before_the_insert(
    env: &TestEnv,
    kind: EventStoreKind,
) -> anyhow::Result<()> {
    let log = Log::new(env, kind).await?;
    sqlx::raw_sql(
        "CREATE FUNCTION refuse_second_write() RETURNS trigger LANGUAGE plpgsql AS $$ \
         BEGIN \
           IF pg_current_xact_id_if_assigned() IS NOT NULL THEN \
             RAISE EXCEPTION 'the append is not the first write of its transaction'; \
           END IF; \
           RETURN NULL; \
         END $$; \
         CREATE TRIGGER one_write BEFORE INSERT ON events \
           FOR EACH STATEMENT EXECUTE FUNCTION refuse_second_write()",
    )
    .execute(&log.pool)
    .await?;
    let id = log.placed().await.context("placing")?;
    log.send(id, &context(), &note()).await.context("noting")?;
    Ok(())
}

/// Connections are lost while commands are under way: what was answered is
/// stored once, what was not is there once or not at all.
pub async fn lost_connections_double_and_lose_nothing(
    env: &TestEnv,
    kind: EventStoreKind,
) -> anyhow::Result<()> {
    let log = Log::new(env, kind).await?;
    let admin = postgres::pool(&env.config.events_url, 1)?;
    let cut = async {
        for _ in 0..20 {
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid() \
                    AND query LIKE 'INSERT INTO events%' LIMIT 1",
            )
            .fetch_all(&admin)
            .await?;
        }
        anyhow::Ok(())
    };
    let commands = async {
        let mut placed = Vec::new();
        for _ in 0..40 {
            let ids: Vec<Uuid> = (0..8).map(|_| clock::new_id()).collect();
            let sent = join_all(
                ids.iter()
                    .map(async |id| log.send(*id, &context(), &place(*id)).await),
            )
            .await;
            placed.extend(ids.into_iter().zip(sent));
        }
        placed
    };
    let (placed, cut) = tokio::join!(commands, cut);
    cut?;
    for (id, outcome) in placed {
        let stored = log.stream(id).await?.len();
        match outcome {
            Ok(_) => ensure!(stored == 1, "answered, stored {stored} times"),
            Err(ExecuteError::Unavailable { .. }) => ensure!(stored <= 1, "stored {stored} times"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
