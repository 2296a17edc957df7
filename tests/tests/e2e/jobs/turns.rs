//! What comes first.

use super::hall::{Hall, quick};
use anyhow::{Result, ensure};
use infra::jobs::{Handlers, Job, JobState, Kind, NewJob, Outcome, Priority, Settings};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use tests::TestEnv;

/// Never ends, in a queue of its own.
#[derive(Serialize, Deserialize)]
struct Hang {}

impl Job for Hang {
    const KIND: Kind = Kind {
        queue: "hanging",
        time_limit: Duration::from_mins(10),
        ..Kind::new("test.hang")
    };
}

fn one_at_a_time() -> Settings {
    Settings {
        concurrency: BTreeMap::from([("leaving".to_owned(), 1)]),
        drain: Duration::ZERO,
        grace: Duration::from_millis(10),
        ..Settings::default()
    }
}

pub async fn what_matters_more_comes_first_and_the_last_comes_too(env: &TestEnv) -> Result<()> {
    const EACH: u32 = 20;
    let hall = Hall::open(env).await?;
    let mut jobs = Vec::new();
    // The least important were enqueued first.
    for (tens, priority) in [Priority::Low, Priority::Normal, Priority::High]
        .into_iter()
        .enumerate()
    {
        for n in 0..EACH {
            let number = u32::try_from(tens)? * 100 + n;
            jobs.push(NewJob::of(&quick(number))?.priority(priority));
        }
    }
    let _ = hall.enqueue(&jobs).await?;
    let worker = hall.worker(hall.leaving(), one_at_a_time());
    hall.until_all(JobState::Done, i64::from(EACH) * 3).await?;
    worker.ended().await?;
    let left = hall.left().await?;
    let place = |of: i32| -> Vec<usize> {
        let places = left.iter().enumerate().filter(|(_, n)| **n / 100 == of);
        places.map(|(place, _)| place).collect()
    };
    let (low, high) = (place(0), place(2));
    let late_high = high.iter().filter(|place| **place >= 25).count();
    ensure!(late_high == 0, "{left:?}");
    // One in eight.
    ensure!(
        low[0] < 20,
        "the least important waits for all others: {left:?}"
    );
    let early_low = low.iter().filter(|place| **place < 30).count();
    ensure!(early_low <= 6, "{left:?}");
    Ok(())
}

pub async fn a_queue_that_hangs_keeps_no_other_waiting(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let handlers: Handlers = hall.leaving().with(|_: Hang, _| async {
        std::future::pending::<()>().await;
        Ok(Outcome::Done(None))
    });
    let worker = hall.worker(handlers, one_at_a_time());
    let hanging: Vec<NewJob> = (0..100)
        .map(|_| NewJob::of(&Hang {}))
        .collect::<Result<_, _>>()?;
    let _ = hall.enqueue(&hanging).await?;
    hall.until_all(JobState::Running, 16).await?;
    for number in 0..5 {
        let id = hall.enqueue_one(&quick(number)).await?;
        hall.until_state(id, JobState::Done).await?;
    }
    ensure!(hall.count(JobState::Running).await? == 16);
    worker.ended().await?;
    // All of them were given back.
    ensure!(hall.count(JobState::Pending).await? == 100);
    Ok(())
}
