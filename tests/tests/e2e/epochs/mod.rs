//! A log that was restored from a backup, and a Kafka that lost its data.

mod announced;
mod backup;
mod copied;
mod emptied;
mod restored;

use libtest_mimic::Trial;
use tests::{PrivateServers, TestEnv, on_private_servers, on_servers};

pub fn trials() -> Vec<Trial> {
    macro_rules! shared {
        ($($module:ident::$test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("epochs::", stringify!($module), "::", stringify!($test)),
                async |env: &TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    let mut trials = shared![
        announced::older_events_come_before_and_newer_ones_after_the_announcement,
        announced::a_bump_under_a_leader_is_announced_before_its_events,
        emptied::a_kafka_that_came_back_empty_is_not_published_to_unasked,
        restored::everything_goes_on_after_a_bump,
    ];
    trials.push(on_private_servers(
        "epochs::copied::a_plain_copy_is_found_by_what_was_published",
        async |env: &TestEnv, servers: &PrivateServers| {
            copied::a_plain_copy_is_found_by_what_was_published(env, servers).await
        },
    ));
    trials
}
