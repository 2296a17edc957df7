//! The same random commands through both ways to append leave the same events.

use super::scene::{Log, place, tag, under, untag};
use anyhow::{Result, ensure};
use domain::order::{
    OrderCommand,
    command::{
        ArchiveOrder, AuthorizePayment, CancelOrder, CapturePayment, ConfirmOrder, Sum,
        UnarchiveOrder, VoidPayment,
    },
};
use futures_util::future::join_all;
use infra::{
    config::{Config, EventStoreKind},
    http::IfMatch,
    postgres::create_database_if_missing,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tests::TestEnv;
use uuid::Uuid;

/// Orders that are written to at once.
const ORDERS: u128 = 24;
/// Commands on each, one after the other.
const COMMANDS: usize = 40;
/// Seeds, unless `ORDERLOG_DIFFERENTIAL_SEEDS` says otherwise.
const SEEDS: u64 = 3;

/// A command as it is sent, maybe more than once.
struct Sent {
    id: Uuid,
    payload: String,
    if_match: Option<i64>,
    command: OrderCommand,
}

/// Commands on one order; none with personal data, which is sealed anew each
/// time. Some come again, some under a version that may be past.
fn script(order: Uuid, rng: &mut StdRng) -> Vec<Sent> {
    let mut script = vec![Sent {
        id: Uuid::from_u128(rng.random()),
        payload: "0".into(),
        if_match: None,
        command: place(order),
    }];
    for number in 1..COMMANDS {
        let again = rng.random_bool(0.15);
        let earlier = &script[rng.random_range(0..number)];
        let sent = Sent {
            id: if again {
                earlier.id
            } else {
                Uuid::from_u128(rng.random())
            },
            payload: if again && rng.random_bool(0.8) {
                earlier.payload.clone()
            } else {
                number.to_string()
            },
            if_match: rng.random_bool(0.2).then(|| rng.random_range(1..12)),
            command: if again {
                earlier.command.clone()
            } else {
                random(rng)
            },
        };
        script.push(sent);
    }
    script
}

fn random(rng: &mut StdRng) -> OrderCommand {
    let label = format!("t{}", rng.random_range(0..4));
    let payment = format!("p{}", rng.random_range(1..3));
    let payment = payment.as_str().try_into().expect("valid");
    match rng.random_range(0..20) {
        0..6 => tag(&label),
        6..10 => untag(&label),
        10 => ConfirmOrder { reason: None }.into(),
        11 | 12 => ArchiveOrder { reason: None }.into(),
        13 | 14 => UnarchiveOrder { reason: None }.into(),
        15 => AuthorizePayment {
            sum: Sum {
                amount: rng.random_range(1..400),
                currency: None,
            },
            provider: None,
            reference: None,
        }
        .into(),
        16 | 17 => CapturePayment {
            payment,
            amount: Some(rng.random_range(1..200)),
            currency: None,
            pending: rng.random_bool(0.3),
            occurred_at: None,
        }
        .into(),
        18 => {
            let reason = None;
            VoidPayment { payment, reason }.into()
        }
        _ => CancelOrder {
            reason: None,
            occurred_at: None,
        }
        .into(),
    }
}

/// What the log and the callers have after the script: the same for both.
async fn carried_out(config: &Config, kind: EventStoreKind, seed: u64) -> Result<Vec<String>> {
    // Two processes take turns, so that one's memory is always behind.
    let processes = [Log::on(config, kind).await?, Log::on(config, kind).await?];
    let mut rng = StdRng::seed_from_u64(seed);
    let ids: Vec<Uuid> = (1..=ORDERS).map(Uuid::from_u128).collect();
    let scripts: Vec<_> = ids.iter().map(|id| (*id, script(*id, &mut rng))).collect();
    let orders = scripts.iter().map(async |(order, script)| {
        let mut answers = Vec::new();
        for (number, sent) in script.iter().enumerate() {
            let mut context = under(sent.id, &sent.payload);
            context.if_match = sent
                .if_match
                .map(|version| IfMatch::Versions(vec![version]));
            let process = &processes[number % 2];
            let answer = match process.send(*order, &context, &sent.command).await {
                Ok(outcome) => format!("{outcome:?}"),
                Err(error) => error.to_string(),
            };
            answers.push(answer);
        }
        answers.concat()
    });
    let mut all = join_all(orders).await;
    all.extend(
        sqlx::query_scalar::<_, String>(
            "SELECT concat_ws(' ', aggregate_type, aggregate_id, sequence, event_type, \
                              event_version, payload::jsonb, metadata::jsonb, epoch, command_id) \
               FROM events ORDER BY aggregate_id, sequence",
        )
        .fetch_all(&processes[0].pool)
        .await?,
    );
    Ok(all)
}

/// Payloads, metadata, sequences, answers: byte by byte.
pub async fn both_ways_to_append_leave_the_same_events(env: &TestEnv) -> Result<()> {
    let seeds = std::env::var("ORDERLOG_DIFFERENTIAL_SEEDS").map_or(Ok(SEEDS), |n| n.parse())?;
    for seed in 0..seeds {
        let mut both = Vec::new();
        for (name, kind) in [
            ("ours", EventStoreKind::Grouped),
            ("theirs", EventStoreKind::Stock),
        ] {
            let mut config = env.config.clone();
            config.events_url = format!("{}_{name}_{seed}", config.events_url);
            create_database_if_missing(&config.events_url).await?;
            both.push(carried_out(&config, kind, seed).await?);
        }
        let events = both[0].len();
        ensure!(events > 200, "only {events} events");
        for (ours, theirs) in both[0].iter().zip(&both[1]) {
            ensure!(ours == theirs, "seed {seed}:\n{ours}\n{theirs}");
        }
        ensure!(events == both[1].len());
    }
    Ok(())
}
