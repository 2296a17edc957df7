//! `orderlog audit`: who did what, with which key, from the log and the keys'
//! own records. Nothing personal is read: what was said stays sealed.

use crate::mapping::Mapping;
use infra::{
    api_keys::{self, ApiKey},
    config::Config,
    epoch,
    log::{ContractMapping as _, LogPager, LogReader, StoredEvent},
    operations, postgres,
};
use serde::Serialize;
use sqlx::PgPool;
use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    io::{self, Write as _},
    process::ExitCode,
};
use time::{
    Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description,
};
use tokio::task::block_in_place;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// List who did what, and with which key.
///
/// Each event of the log that is final is a line, in the order of the log: when, what,
/// of whom, by whom (and for whom, where an operation did it), and by which request.
/// What was done to keys stands between them. Reads page by page, whatever the log
/// holds.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    orderlog audit --key key_01890a5dac96774bbcceb302099a8057 --since 2026-11-01\n  \
    orderlog audit --order 01990000-0000-7000-8000-000000000000\n  \
    orderlog audit --json | jq -r 'select(.trace_id == \"4bf92f3577b34da6a3ce929d0e0e4736\")'")]
pub struct AuditArgs {
    /// Only what was done with this key or for it, or by this subject of a token (jwt:…);
    /// may be given several times
    #[arg(long = "key", value_name = "ID")]
    keys: Vec<String>,
    /// Only what was done to this order; may be given several times
    #[arg(long = "order", value_name = "ID")]
    orders: Vec<Uuid>,
    /// Only what was done at or after this time (RFC 3339, or a date: its midnight in
    /// UTC)
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<OffsetDateTime>,
    /// Print a JSON object for each
    #[arg(long)]
    json: bool,
}

/// One thing that was done.
#[derive(Debug, Serialize)]
struct Act<'a> {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// The event's type as it is published, or `key.created`, `key.revoked`.
    what: String,
    /// Kind of what it was done to.
    of: &'a str,
    id: &'a str,
    /// Its version after that; none of keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    /// Key or subject; null where the command line did it.
    by: Option<&'a str>,
    /// Name of the key.
    by_name: Option<&'a str>,
    /// Key or subject that asked for the operation which did it, as long as that is
    /// kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<&'a str>,
}

/// Lists until the end of what is final, or until `stop` is cancelled: then 1.
///
/// # Errors
/// When a database fails.
pub async fn run(
    args: &AuditArgs,
    config: &Config,
    stop: CancellationToken,
) -> anyhow::Result<ExitCode> {
    let ops = postgres::pool(&config.ops_url, 1)?;
    let keys = Keys::new(api_keys::list(&ops).await?);
    let log = epoch::pool(&config.events_url, 1)?;
    epoch::check(&log).await?;
    let reader = LogReader::new(log);
    let mut pager = pager(args, reader).await?;
    let mut done_to_keys = keys.acts(args).into_iter().peekable();
    let (mut lines, mut operations) = (String::new(), Operations::default());
    loop {
        if stop.is_cancelled() {
            return Ok(ExitCode::FAILURE);
        }
        let page = match &mut pager {
            Some(pager) => pager.next().await?,
            None => Vec::new(),
        };
        let is_last = page.is_empty();
        operations.learn(&ops, &page).await?;
        for stored in &page {
            let asker = operations.asked_by(stored);
            if !args.take(stored, asker) {
                continue;
            }
            while let Some(act) = done_to_keys.next_if(|act| act.at <= stored.recorded_at) {
                act.tell(args.json, &mut lines)?;
            }
            keys.act(stored, asker).tell(args.json, &mut lines)?;
        }
        if is_last {
            for act in done_to_keys.by_ref() {
                act.tell(args.json, &mut lines)?;
            }
        }
        let goes_on = write(&lines)?;
        lines.clear();
        if is_last || !goes_on {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// Of what was asked for, up to what is final now; none where nothing is that late.
async fn pager(args: &AuditArgs, reader: LogReader) -> Result<Option<LogPager>, sqlx::Error> {
    let after = match args.since {
        None => contracts::LogPosition::START,
        Some(since) => match reader.first_since(since).await? {
            Some(first) => first.before(),
            None => return Ok(None),
        },
    };
    let until = reader.horizon().await?;
    let pager = LogPager::new(reader, after).until(until);
    if args.orders.is_empty() {
        return Ok(Some(pager));
    }
    let ids = args.orders.iter().map(Uuid::to_string);
    Ok(Some(pager.of("order", ids.collect())))
}

impl AuditArgs {
    fn take(&self, stored: &StoredEvent, asker: Option<&str>) -> bool {
        (self.is_by(Some(&stored.metadata.actor)) || self.is_by(asker))
            // Times of the log's order may cross by what a transaction takes.
            && self.since.is_none_or(|since| stored.recorded_at >= since)
    }

    fn is_by(&self, by: Option<&str>) -> bool {
        self.keys.is_empty() || by.is_some_and(|by| self.keys.iter().any(|key| key == by))
    }
}

/// Who has asked for operations. What these do is done by the worker's key, and says
/// which operation it was.
#[derive(Default)]
struct Operations(HashMap<Uuid, String>);

impl Operations {
    /// Those of a page of events.
    async fn learn(&mut self, ops: &PgPool, page: &[StoredEvent]) -> Result<(), sqlx::Error> {
        let causes = page.iter().filter_map(cause);
        let unknown = causes.filter(|cause| !self.0.contains_key(cause));
        let unknown: HashSet<Uuid> = unknown.collect();
        if !unknown.is_empty() {
            let unknown: Vec<Uuid> = unknown.into_iter().collect();
            self.0.extend(operations::askers(ops, &unknown).await?);
        }
        Ok(())
    }

    fn asked_by(&self, stored: &StoredEvent) -> Option<&str> {
        self.0.get(&cause(stored)?).map(String::as_str)
    }
}

fn cause(stored: &StoredEvent) -> Option<Uuid> {
    stored.metadata.causation_id.as_deref()?.parse().ok()
}

/// All keys there ever were.
struct Keys {
    all: Vec<ApiKey>,
    /// Where each of them is, by its id.
    by_id: HashMap<String, usize>,
}

impl Keys {
    fn new(all: Vec<ApiKey>) -> Self {
        let ids = all.iter().enumerate();
        let by_id = ids.map(|(at, key)| (key.id.clone(), at)).collect();
        Self { all, by_id }
    }

    fn name(&self, id: &str) -> Option<&str> {
        let at = self.by_id.get(id)?;
        self.all.get(*at).map(|key| key.name.as_str())
    }

    fn act<'a>(&'a self, stored: &'a StoredEvent, asker: Option<&'a str>) -> Act<'a> {
        let metadata = &stored.metadata;
        // What this release cannot read is told by its name in the log.
        let published = Mapping.event(stored).ok().flatten();
        let what = published.map(|event| event.envelope.event_type);
        Act {
            at: stored.recorded_at,
            what: what.unwrap_or_else(|| stored.event_type.clone()),
            of: &stored.aggregate_type,
            id: &stored.aggregate_id,
            version: Some(stored.sequence),
            by: Some(&metadata.actor),
            by_name: self.name(&metadata.actor),
            on_behalf_of: asker,
            // `version-trace-parent-flags` (W3C Trace Context)
            trace_id: metadata
                .traceparent
                .as_deref()
                .and_then(|t| t.split('-').nth(1)),
            correlation_id: metadata.correlation_id.as_deref(),
            causation_id: metadata.causation_id.as_deref(),
        }
    }

    /// What was done to keys, oldest first; nothing where an order is asked for.
    fn acts(&self, args: &AuditArgs) -> Vec<Act<'_>> {
        if !args.orders.is_empty() {
            return Vec::new();
        }
        let mut acts = Vec::new();
        for key in &self.all {
            acts.push(self.done_to(
                key,
                Some(key.created_at),
                "key.created",
                key.created_by.as_deref(),
            ));
            acts.push(self.done_to(
                key,
                key.revoked_at,
                "key.revoked",
                key.revoked_by.as_deref(),
            ));
        }
        let is_meant = |act: &Act<'_>| {
            (args.is_by(act.by) || args.is_by(Some(act.id)))
                && args.since.is_none_or(|since| act.at >= since)
        };
        let mut acts: Vec<_> = acts.into_iter().flatten().filter(is_meant).collect();
        acts.sort_by_key(|act| act.at);
        acts
    }

    fn done_to<'a>(
        &'a self,
        key: &'a ApiKey,
        at: Option<OffsetDateTime>,
        what: &str,
        by: Option<&'a str>,
    ) -> Option<Act<'a>> {
        Some(Act {
            at: at?,
            what: what.to_owned(),
            of: "api_key",
            id: &key.id,
            version: None,
            by,
            by_name: by.and_then(|by| self.name(by)),
            on_behalf_of: None,
            trace_id: None,
            correlation_id: None,
            causation_id: None,
        })
    }
}

impl Act<'_> {
    /// Adds its line.
    fn tell(&self, json: bool, lines: &mut String) -> anyhow::Result<()> {
        if json {
            lines.push_str(&serde_json::to_string(self)?);
        } else {
            let version = self.version.map(|version| format!(" v{version}"));
            let request = match (self.trace_id, self.correlation_id) {
                (Some(trace), Some(correlation)) if trace != correlation => {
                    format!("trace {trace}, correlation {correlation:?}")
                }
                (Some(id), _) => format!("trace {id}"),
                (None, Some(id)) => format!("correlation {id:?}"),
                (None, None) => "-".to_owned(),
            };
            let name = self.by_name.map(|name| format!(" {name:?}"));
            let asker = self.on_behalf_of;
            let asker = asker.map(|asker| format!(" for {}", asker.escape_debug()));
            write!(
                lines,
                "{}  {}  {} {}{}  {}{}{}  {request}",
                self.at.format(&Rfc3339)?,
                self.what,
                self.of,
                self.id,
                version.unwrap_or_default(),
                self.by.unwrap_or("the command line").escape_debug(),
                name.unwrap_or_default(),
                asker.unwrap_or_default(),
            )?;
        }
        lines.push('\n');
        Ok(())
    }
}

/// Writes to standard output; false where nobody reads it any more.
fn write(lines: &str) -> io::Result<bool> {
    let written = block_in_place(|| {
        let mut out = io::stdout().lock();
        out.write_all(lines.as_bytes())?;
        out.flush()
    });
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true),
    }
}

/// RFC 3339, or a date.
fn time(text: &str) -> Result<OffsetDateTime, String> {
    if let Ok(date) = Date::parse(text, format_description!("[year]-[month]-[day]")) {
        return Ok(date.midnight().assume_utc());
    }
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "neither a date (2026-11-26) nor a time (2026-11-26T09:30:00Z)".to_owned())
}
