//! The job that archives orders.

use super::{
    line::{ToArchive, Told, told},
    metrics,
    pages::Pages,
    platforms::Stays,
};
use crate::{
    bulk::BulkClient,
    reads::ReadClient,
    work::{Running, told_to_end},
};
use infra::{
    clock,
    jobs::{Context, Ended, Job, JobError, Kind, Outcome, Priority, Progress},
    lifecycle::error_chain,
    platforms::Platforms,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// After this long whoever archives makes room for others.
const TURN: Duration = Duration::from_mins(10);
/// Days beyond which the calendar may end.
const LONGEST: u64 = 36_500;

/// Archives what is over and was not changed for so many days.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Archive {
    /// 0: nothing.
    pub after_days: u64,
}

impl Job for Archive {
    const KIND: Kind = Kind {
        queue: "maintenance",
        priority: Priority::Low,
        max_attempts: 10,
        time_limit: Duration::from_hours(1),
        ..Kind::new("orders.archive")
    };
}

/// What archives orders.
#[derive(Clone)]
pub struct Archiving {
    /// Knows which are over.
    pub reads: Arc<ReadClient>,
    /// Archives them.
    pub commands: Arc<BulkClient>,
    /// How long channels keep their orders in sight that nobody has saved.
    pub platforms: Arc<Platforms>,
}

/// What carries the job out.
pub fn archive(with: Archiving) -> impl Fn(Archive, Context) -> Running + Send + Sync {
    move |job, context| {
        let with = with.clone();
        Box::pin(async move { with.archive(job, &context).await })
    }
}

/// What became of orders.
#[derive(Debug, Default)]
struct Counts {
    /// By the attempts before this one.
    before: u64,
    archived: u64,
    repeated: u64,
    changed: u64,
    refused: u64,
}

impl Archiving {
    async fn archive(&self, job: Archive, context: &Context) -> Ended {
        if job.after_days == 0 {
            return Ok(Outcome::Done(Some(
                json!({ "off": "archive_after_days is 0" }),
            )));
        }
        let (now, halt) = (clock::now(), context.stop_token());
        let days = i64::try_from(job.after_days.min(LONGEST)).unwrap_or_default();
        let quiet_since = now - time::Duration::days(days);
        let (mut counts, began) = (
            Counts::after(context.progress_before.as_ref()),
            Instant::now(),
        );
        let stays = Stays::read(&self.reads, Arc::clone(&self.platforms), &halt).await?;
        let mut pages = Pages::of(&self.reads, quiet_since);
        while let Some(orders) = pages.next(&halt).await? {
            let over = orders
                .iter()
                .filter(|order| order.open((quiet_since, now), &stays).is_none());
            let lines: Vec<_> = over.map(|order| ToArchive::of(order, context.id)).collect();
            let sent = self.commands.send(&lines, told, &halt).await;
            counts.add(sent.told.into_iter().flatten());
            context.progress(counts.progress());
            if let Some((_, error)) = sent.failed {
                return Err(JobError::retry(error_chain(&error)));
            }
            if halt.is_cancelled() {
                return Err(told_to_end());
            }
            // Whoever goes on finds what is left: what is archived is in no list of
            // these any more.
            if context.draining().is_cancelled() || began.elapsed() > TURN {
                return Ok(Outcome::Snooze(Duration::ZERO));
            }
        }
        tracing::info!(
            archived = counts.total(),
            changed = counts.changed,
            "archive.done"
        );
        Ok(Outcome::Done(Some(counts.result())))
    }
}

impl Counts {
    /// Goes on counting where the attempt before was.
    fn after(progress: Option<&Value>) -> Self {
        let done = progress.and_then(|progress| progress["done"].as_u64());
        Self {
            before: done.unwrap_or_default(),
            ..Self::default()
        }
    }

    fn add(&mut self, told: impl Iterator<Item = Told>) {
        for told in told {
            let (count, name) = match told {
                Told::Archived => (&mut self.archived, "archived"),
                Told::Repeated => (&mut self.repeated, "repeated"),
                Told::Changed => (&mut self.changed, "changed"),
                Told::Refused(why) => {
                    tracing::warn!(why, "archive.refused");
                    (&mut self.refused, "refused")
                }
            };
            *count += 1;
            metrics::counted(name, 1);
        }
    }

    const fn total(&self) -> u64 {
        self.before + self.archived
    }

    fn progress(&self) -> Progress {
        let mut text = format!("{} archived", self.total());
        for (count, what) in [
            (self.repeated, "archived before"),
            (self.changed, "changed meanwhile"),
            (self.refused, "refused"),
        ] {
            if count > 0 {
                text = format!("{text}, {count} {what}");
            }
        }
        Progress {
            done: self.total(),
            total: None,
            text,
        }
    }

    fn result(&self) -> Value {
        json!({
            "archived": self.total(), "repeated": self.repeated, "changed": self.changed,
            "refused": self.refused,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_goes_on_counting_where_the_one_before_was() {
        let mut first = Counts::after(None);
        first.add([Told::Archived, Told::Archived, Told::Changed].into_iter());
        let progress = first.progress();
        assert_eq!(progress.done, 2);
        assert_eq!(progress.text, "2 archived, 1 changed meanwhile");
        let kept = serde_json::to_value(progress).expect("JSON");
        let mut second = Counts::after(Some(&kept));
        second.add([Told::Repeated, Told::Archived].into_iter());
        assert_eq!(
            second.result(),
            json!({"archived": 3, "repeated": 1, "changed": 0, "refused": 0})
        );
    }
}
