//! The tables of a build: a schema of its own, and its way into `public`.

use super::{error::RebuildError, store};
use crate::engine::{failure::is_held_up, projection::Projection};
use infra::{postgres::is_connection_error, views::builds::BuildPhase};
use sqlx::{Connection as _, Executor, PgConnection, PgExecutor, Postgres, Transaction};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::sleep;

/// Where readers find the tables of the served build.
pub(in crate::engine) const SERVED: &str = "public";
/// How long a vacuum may keep a switch waiting. A server ends an automatic one
/// that is in the way of a lock only when its `deadlock_timeout` (1 s) is over.
const VACUUM_TIMEOUT: &str = "5s";
/// How long readers may be kept waiting for one that does not end.
const LOCK_TIMEOUT: &str = "100ms";
/// How often the tables are asked for, and how long readers go on in between.
const LOCK_ATTEMPTS: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Has an index of a million orders, of 100 to 200 MB, sorted in memory, where a server
/// gives 64 MB by default and sorts the rest on its disk. One is made at a time.
const ROOM_FOR_AN_INDEX: &str = "SELECT set_config('maintenance_work_mem', '256MB', true) \
     WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('256MB')";

/// Name of the schema that a build is made in.
pub(super) fn schema(projection: &str, build: i64) -> String {
    format!("build_{projection}_{build}")
}

/// Where the tables go that a build takes the place of.
fn retired(projection: &str, build: i64) -> String {
    format!("retired_{projection}_{build}")
}

/// Makes the tables of a build, empty, in its schema.
pub(super) async fn make<P: Projection>(
    transaction: &mut Transaction<'_, Postgres>,
    build: i64,
) -> Result<(), sqlx::Error> {
    let schema = schema(P::NAME, build);
    run(transaction, &format!("CREATE SCHEMA {}", quoted(&schema))).await?;
    look_in(transaction, &schema).await?;
    run(transaction, &P::tables()).await?;
    look_in(transaction, SERVED).await
}

/// Makes the indexes that are not made yet, each in a transaction of its own, and
/// counts for the planner. `connection` is one into the build's schema.
pub(super) async fn index<P: Projection>(
    connection: &mut PgConnection,
    build: i64,
    indexed: i32,
) -> Result<(), RebuildError> {
    let made = usize::try_from(indexed).unwrap_or_default();
    let statements = statements(&P::indexes());
    for (number, statement) in (0..).zip(&statements).skip(made) {
        let mut transaction = connection.begin().await?;
        run(&mut transaction, ROOM_FOR_AN_INDEX).await?;
        match run(&mut transaction, statement).await {
            Ok(()) => {}
            Err(source @ sqlx::Error::Database(_))
                if !is_held_up(&source) && !is_connection_error(&source) =>
            {
                return Err(RebuildError::Index {
                    build,
                    index: statement.clone(),
                    source,
                });
            }
            Err(error) => return Err(error.into()),
        }
        if !store::indexed(&mut *transaction, P::NAME, build, number).await? {
            return Err(RebuildError::Overtaken { build });
        }
        transaction.commit().await?;
    }
    let mut transaction = connection.begin().await?;
    let tables = tables_in(&mut *transaction, &schema(P::NAME, build)).await?;
    let tables: Vec<_> = tables.iter().map(|table| quoted(table)).collect();
    run(&mut transaction, &format!("ANALYZE {}", tables.join(", "))).await?;
    // Whoever goes on must not make them once more.
    store::enter(&mut *transaction, P::NAME, build, BuildPhase::CatchingUp).await?;
    Ok(transaction.commit().await?)
}

/// The statements of a script, which have no semicolon in them.
fn statements(script: &str) -> Vec<String> {
    let lines = script.lines().map(str::trim);
    let lines: Vec<_> = lines.filter(|line| !line.starts_with("--")).collect();
    let statements = lines.join(" ");
    let statements = statements.split(';').map(str::trim);
    let statements = statements.filter(|statement| !statement.is_empty());
    statements.map(str::to_owned).collect()
}

/// Puts empty tables in the place of what is there, before anything is built.
pub(super) async fn serve_empty<P: Projection>(
    transaction: &mut Transaction<'_, Postgres>,
) -> Result<(), sqlx::Error> {
    const BEFORE_ANY: i64 = 0;
    let (schema, out) = (schema(P::NAME, BEFORE_ANY), retired(P::NAME, BEFORE_ANY));
    make::<P>(transaction, BEFORE_ANY).await?;
    look_in(transaction, &schema).await?;
    run(transaction, &P::indexes()).await?;
    look_in(transaction, SERVED).await?;
    if !take_the_place::<P>(transaction, BEFORE_ANY).await? {
        return Err(sqlx::Error::Protocol("readers hold the tables".into()));
    }
    run(
        transaction,
        &format!("DROP SCHEMA {} CASCADE", quoted(&out)),
    )
    .await
}

/// Names within this schema are found, until the transaction ends.
pub(super) async fn look_in(
    transaction: &mut Transaction<'_, Postgres>,
    schema: &str,
) -> Result<(), sqlx::Error> {
    let sql = format!("SET LOCAL search_path = {}", quoted(schema));
    run(transaction, &sql).await
}

/// Keeps vacuums off the tables of a build and of those that it takes the place
/// of, until the transaction ends: readers and writers go on. What a vacuum is at
/// work on cannot be taken from anybody, and a large table's takes hours; asked
/// for as briefly as [`lock`] asks, it would never be told to make way.
pub(super) async fn keep_vacuums_off<P: Projection>(
    transaction: &mut Transaction<'_, Postgres>,
    build: i64,
) -> Result<(), sqlx::Error> {
    let from = schema(P::NAME, build);
    let new = tables_in(&mut **transaction, &from).await?;
    let old = in_the_way(transaction, P::NAME, &new).await?;
    let all = qualified(SERVED, &old).chain(qualified(&from, &new));
    let sql = format!(
        "SET LOCAL lock_timeout = '{VACUUM_TIMEOUT}'; \
         LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE; SET LOCAL lock_timeout = DEFAULT",
        all.collect::<Vec<_>>().join(", ")
    );
    run(transaction, &sql).await
}

fn qualified(schema: &str, tables: &BTreeSet<String>) -> impl Iterator<Item = String> {
    let schema = quoted(schema);
    tables
        .iter()
        .map(move |table| format!("{schema}.{}", quoted(table)))
}

/// Puts the tables of a build in the place of those that are served, and those
/// out of the way. False: readers did not let go of them.
pub(super) async fn take_the_place<P: Projection>(
    transaction: &mut Transaction<'_, Postgres>,
    build: i64,
) -> Result<bool, sqlx::Error> {
    let (from, out) = (schema(P::NAME, build), retired(P::NAME, build));
    let new = tables_in(&mut **transaction, &from).await?;
    let old = in_the_way(transaction, P::NAME, &new).await?;
    let views = views_of(transaction, &old).await?;
    if !lock(transaction, &views, &old).await? {
        return Ok(false);
    }
    run(transaction, &format!("CREATE SCHEMA {}", quoted(&out))).await?;
    for (tables, from, to) in [(&old, SERVED, out.as_str()), (&new, &from, SERVED)] {
        for table in tables {
            let (from, table, to) = (quoted(from), quoted(table), quoted(to));
            let sql = format!("ALTER TABLE {from}.{table} SET SCHEMA {to}");
            run(transaction, &sql).await?;
        }
    }
    run(transaction, &format!("DROP SCHEMA {}", quoted(&from))).await?;
    sqlx::query("UPDATE projections SET tables = $2 WHERE name = $1")
        .bind(P::NAME)
        .bind(new.iter().collect::<Vec<_>>())
        .execute(&mut **transaction)
        .await?;
    run(transaction, &P::views()).await?;
    Ok(true)
}

/// Takes the tables from readers, the views over them first, as their readers
/// do. Whoever waits for a table keeps everybody who comes later waiting too, so
/// it is asked for briefly, again and again.
async fn lock(
    transaction: &mut Transaction<'_, Postgres>,
    views: &[String],
    tables: &BTreeSet<String>,
) -> Result<bool, sqlx::Error> {
    if tables.is_empty() {
        return Ok(true);
    }
    let tables = qualified(SERVED, tables);
    let all: Vec<_> = views.iter().cloned().chain(tables).collect();
    let sql = format!(
        "SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
        all.join(", ")
    );
    for _ in 0..LOCK_ATTEMPTS {
        let mut attempt = transaction.begin().await?;
        match run(&mut attempt, &sql).await {
            Ok(()) => {
                attempt.commit().await?;
                return Ok(true);
            }
            Err(error) if is_held_up(&error) => attempt.rollback().await?,
            Err(error) => return Err(error),
        }
        sleep(LOCK_PAUSE).await;
    }
    Ok(false)
}

/// The views over these tables in `public`, and over such views, as far as they
/// are ours: quoted, in one order.
async fn views_of(
    connection: &mut PgConnection,
    tables: &BTreeSet<String>,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "WITH RECURSIVE over AS ( \
             SELECT c.oid FROM pg_class c WHERE c.relnamespace = $1::regnamespace \
                AND c.relname = ANY($2) \
             UNION SELECT r.ev_class FROM over JOIN pg_depend d ON d.refobjid = over.oid \
                    AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_rewrite'::regclass \
               JOIN pg_rewrite r ON r.oid = d.objid) \
         SELECT format('%I.%I', n.nspname, c.relname) FROM over JOIN pg_class c USING (oid) \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
          WHERE c.relkind = 'v' AND pg_has_role(c.relowner, 'USAGE') ORDER BY 1",
    )
    .bind(SERVED)
    .bind(tables.iter().collect::<Vec<_>>())
    .fetch_all(connection)
    .await
}

/// The tables in `public` that the projection is known to have, or that have
/// the names of its new ones.
async fn in_the_way(
    connection: &mut PgConnection,
    projection: &str,
    new: &BTreeSet<String>,
) -> Result<BTreeSet<String>, sqlx::Error> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = $1 AND (tablename = ANY($2) \
             OR tablename IN (SELECT unnest(tables) FROM projections WHERE name = $3))",
    )
    .bind(SERVED)
    .bind(new.iter().collect::<Vec<_>>())
    .bind(projection)
    .fetch_all(connection)
    .await?;
    Ok(names.into_iter().collect())
}

async fn tables_in(
    executor: impl PgExecutor<'_>,
    schema: &str,
) -> Result<BTreeSet<String>, sqlx::Error> {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = $1")
            .bind(schema)
            .fetch_all(executor)
            .await?;
    Ok(names.into_iter().collect())
}

/// Drops what builds of a projection have left behind, but for the build
/// `keep`. What somebody still reads is left for the next time.
pub(super) async fn tidy(
    connection: &mut PgConnection,
    projection: &str,
    keep: Option<i64>,
) -> Result<(), sqlx::Error> {
    let schemas: Vec<String> = sqlx::query_scalar(
        "SELECT nspname::text FROM pg_namespace \
          WHERE nspname ~ ('^(build|retired)_' || $1 || '_[0-9]+$') \
            AND nspname IS DISTINCT FROM $2",
    )
    .bind(projection)
    .bind(keep.map(|build| schema(projection, build)))
    .fetch_all(&mut *connection)
    .await?;
    for schema in schemas {
        let mut transaction = connection.begin().await?;
        let sql = format!(
            "SET LOCAL lock_timeout = '5s'; DROP SCHEMA {} CASCADE",
            quoted(&schema)
        );
        match run(&mut transaction, &sql).await {
            Ok(()) => transaction.commit().await?,
            Err(error) => tracing::warn!(projection, schema, %error, "projection.leftover"),
        }
    }
    Ok(())
}

/// A script, or a statement that takes no parameters.
async fn run(transaction: &mut Transaction<'_, Postgres>, script: &str) -> Result<(), sqlx::Error> {
    // Without parameters, so several statements are one round trip.
    Executor::execute(&mut **transaction, script).await?;
    Ok(())
}

/// How many rows a table of a build has.
pub(super) async fn count(
    connection: &mut PgConnection,
    (projection, build): (&str, i64),
    table: &str,
) -> Result<i64, sqlx::Error> {
    let schema = quoted(&schema(projection, build));
    let sql = format!("SELECT count(*) FROM {schema}.{}", quoted(table));
    sqlx::query_scalar(&sql).fetch_one(connection).await
}

/// As SQL writes a name.
pub(in crate::engine) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::Orders;

    #[test]
    fn each_index_is_a_statement_of_its_own() {
        let script =
            "-- One; or two.\nCREATE INDEX a ON t (x,\n    y);\n\nCREATE INDEX b ON t (z);\n";
        assert_eq!(
            statements(script),
            ["CREATE INDEX a ON t (x, y)", "CREATE INDEX b ON t (z)"]
        );
        assert!(statements("-- Nothing.\n").is_empty());
        let all = statements(&Orders::indexes());
        let indexes = Orders::indexes().matches("INDEX ").count();
        assert_eq!(all.len(), indexes, "{all:?}");
    }
}
