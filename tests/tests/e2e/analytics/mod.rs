//! The schema `analytics` of the views database.

mod contents;

use anyhow::{Context as _, ensure};
use infra::postgres;
use libtest_mimic::Trial;
use sqlx::{Connection as _, PgConnection};
use tests::{TestEnv, on_servers};

pub fn trials() -> Vec<Trial> {
    vec![
        on_servers(
            "analytics::analysts_read_documented_views_and_nothing_else",
            async |env: &TestEnv| analysts_read_documented_views_and_nothing_else(env).await,
        ),
        on_servers(
            "analytics::contents::the_views_say_what_the_api_says",
            async |env: &TestEnv| contents::the_views_say_what_the_api_says(env).await,
        ),
    ]
}

async fn analysts_read_documented_views_and_nothing_else(env: &TestEnv) -> anyhow::Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let options = postgres::connect_options(&env.config.views_url)?;
    let mut analyst = PgConnection::connect_with(&options).await?;
    let views: Vec<(String, bool)> = sqlx::query_as(
        "SELECT oid::regclass::text, obj_description(oid, 'pg_class') IS NOT NULL FROM pg_class \
          WHERE relnamespace = 'analytics'::regnamespace",
    )
    .fetch_all(&mut analyst)
    .await?;
    ensure!(views.len() == 14, "{views:?}");
    execute(&mut analyst, "SET ROLE orderlog_analytics").await?;
    for (view, documented) in views {
        ensure!(documented, "{view} has no comment");
        ensure!(view.ends_with("_v1"), "{view} has no version");
        let read = execute(&mut analyst, &format!("SELECT * FROM {view}")).await;
        read.with_context(|| view)?;
    }
    for refused in [
        "SELECT * FROM orders",
        "SELECT * FROM order_events",
        "DELETE FROM analytics.payments_v1",
        "CREATE TABLE analytics.mine ()",
        "CREATE TABLE public.mine ()",
    ] {
        let answer = sqlx::query(refused).execute(&mut analyst).await;
        let code = answer.err().and_then(|error| {
            let code = error.as_database_error()?.code()?;
            Some(code.into_owned())
        });
        // Whether a view can be written to at all is asked first.
        let denied = ["42501", "55000"]
            .iter()
            .any(|no| code.as_deref() == Some(no));
        ensure!(denied, "{refused}: {code:?}");
    }
    Ok(())
}

async fn execute(connection: &mut PgConnection, sql: &str) -> sqlx::Result<()> {
    sqlx::query(sql).execute(connection).await.map(drop)
}
