//! The result of a query, in a `SQLite` file or a PostgreSQL database: the way
//! over from a shop's own tables. Nothing is written there.
//!
//! Cells are text, as the database writes it: `numeric` keeps all its digits,
//! times are those of ISO 8601 and in UTC.

use super::{Mapped, Mapping, Record, Rows};
use crate::import::ImportError;
use futures_util::TryStreamExt as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{
    Column as _, ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _,
};
use sqlx_sqlite::{SqliteConnectOptions, SqliteConnection};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::mpsc;

/// Rows between the database and whoever puts them together.
const AHEAD: usize = 256;

/// The cells of a row; none at the end of the result.
type Cells = Result<Option<Vec<Option<String>>>, sqlx::Error>;

/// The rows of a result.
pub struct Sql {
    rows: mpsc::Receiver<Cells>,
    is_over: bool,
    line: u64,
    read: Arc<AtomicU64>,
}

/// A query that has begun: its orders, how many rows it has, and how many were
/// read.
pub type Begun = (Mapped<Sql>, u64, Arc<AtomicU64>);

/// Whether this names a database, and not a file.
pub fn is_url(path: &Path) -> bool {
    let path = path.to_str().unwrap_or_default();
    path.starts_with("postgres://") || path.starts_with("postgresql://")
}

/// Runs the mapping's query on the database that `path` names.
///
/// # Errors
/// Where there is no query, the database refuses it, or the result lacks a
/// column.
pub async fn begin(path: &Path, mapping: Mapping, of: &Path) -> Result<Begun, ImportError> {
    let query = mapping
        .query
        .as_deref()
        .ok_or_else(|| ImportError::Mapping {
            path: of.to_owned(),
            detail: "there is no query".to_owned(),
        })?;
    let query = query.trim().trim_end_matches(';').to_owned();
    let (sent, rows) = mpsc::channel(AHEAD);
    let begun = if is_url(path) {
        postgres(path, &query, sent).await
    } else {
        sqlite(path, &query, sent).await
    };
    let (columns, count) = begun.map_err(ImportError::Query)?;
    let read = Arc::new(AtomicU64::new(0));
    let rows = Sql {
        rows,
        is_over: false,
        line: 0,
        read: Arc::clone(&read),
    };
    Ok((Mapped::new(rows, &columns, mapping, of)?, count, read))
}

impl Rows for Sql {
    async fn next(&mut self) -> Result<Option<Record>, ImportError> {
        if self.is_over {
            return Ok(None);
        }
        // Without its end, a result is not known to be at it.
        let cells = self.rows.recv().await;
        let cells = cells.unwrap_or(Err(sqlx::Error::WorkerCrashed));
        let Some(cells) = cells.map_err(ImportError::Query)? else {
            self.is_over = true;
            return Ok(None);
        };
        self.line += 1;
        self.read.store(self.line, Ordering::Relaxed);
        Ok(Some(Record {
            line: self.line,
            cells,
            problem: None,
        }))
    }

    fn line(&self) -> u64 {
        self.line
    }
}

/// Asks what the query has, and sends its rows from a task of its own.
macro_rules! rows {
    ($connection:ident, $query:ident, $sent:ident) => {{
        let described = $connection.describe($query).await?;
        let columns: Vec<String> = described
            .columns()
            .iter()
            .map(|c| c.name().to_owned())
            .collect();
        // Its last line may end with a remark.
        let count = format!("SELECT count(*) FROM ({}\n) AS q", $query);
        let count: i64 = sqlx::query_scalar(&count)
            .fetch_one(&mut $connection)
            .await?;
        let texts = columns
            .iter()
            .map(|c| format!("CAST({} AS text)", quoted(c)));
        let texts = texts.collect::<Vec<_>>().join(", ");
        let (query, width) = (
            format!("SELECT {texts} FROM ({}\n) AS q", $query),
            columns.len(),
        );
        tokio::spawn(async move {
            let mut rows = sqlx::query(&query).fetch(&mut $connection);
            loop {
                let cells: Cells = match rows.try_next().await {
                    Ok(Some(row)) => {
                        let cells = (0..width).map(|at| row.try_get(at));
                        cells.collect::<Result<_, _>>().map(Some)
                    }
                    Ok(None) => Ok(None),
                    Err(error) => Err(error),
                };
                let is_last = !matches!(cells, Ok(Some(_)));
                if $sent.send(cells).await.is_err() || is_last {
                    return;
                }
            }
        });
        Ok((columns, u64::try_from(count).unwrap_or_default()))
    }};
}

type Described = Result<(Vec<String>, u64), sqlx::Error>;

async fn sqlite(path: &Path, query: &str, sent: mpsc::Sender<Cells>) -> Described {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut connection: SqliteConnection = options.connect().await?;
    rows!(connection, query, sent)
}

/// One snapshot, however long it takes: rows are not told twice or not at all
/// because the shop goes on.
async fn postgres(url: &Path, query: &str, sent: mpsc::Sender<Cells>) -> Described {
    let options: PgConnectOptions = url.to_str().unwrap_or_default().parse()?;
    let options = options.options([
        ("default_transaction_read_only", "on"),
        ("timezone", "UTC"),
        ("datestyle", "ISO"),
    ]);
    let mut connection = PgConnection::connect_with(&options).await?;
    rows!(connection, query, sent)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
