//! The relay between a real log and a real Kafka.

pub mod contradictions;
mod cut_off;
mod frozen;
mod leadership;
mod once;
mod platforms;
pub mod scene;

use libtest_mimic::Trial;
use scene::Scene;
use tests::{PrivateServers, TestEnv, on_private_servers, on_servers};

pub fn trials() -> Vec<Trial> {
    macro_rules! shared {
        ($($module:ident::$test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("relay::", stringify!($module), "::", stringify!($test)),
                async |env: &TestEnv| $module::$test(env.config.clone()).await,
            )),+]
        };
    }
    let mut trials = shared![
        once::racing_appends,
        once::killed_in_a_backlog,
        leadership::the_second_takes_over,
        leadership::a_zombie_is_fenced,
        leadership::an_aborted_first_transaction,
        cut_off::from_the_log,
        cut_off::from_kafka,
        cut_off::from_the_answers_of_kafka,
        contradictions::a_missing_topic,
        contradictions::an_empty_progress_topic_beside_events,
        contradictions::a_recreated_topic,
        contradictions::a_topic_recreated_under_a_leader,
        contradictions::a_topic_deleted_under_a_leader,
        contradictions::progress_deleted_under_a_leader,
        contradictions::another_log,
        contradictions::a_log_that_fell_back,
        contradictions::an_event_that_cannot_be_mapped,
        contradictions::an_event_that_is_too_large,
        contradictions::topics_are_made_once_and_held_to_their_shape,
        platforms::killed_in_a_backlog,
        platforms::a_topic_named_later_lacks_nothing,
        platforms::a_topic_that_is_not_what_it_was,
    ];
    trials.extend([
        on_servers(
            "relay::frozen::a_killed_leader_is_followed",
            frozen::a_killed_leader_is_followed,
        ),
        on_servers(
            "relay::frozen::a_frozen_leader_is_overtaken",
            frozen::a_frozen_leader_is_overtaken,
        ),
        on_servers(
            "relay::platforms::an_epoch_is_announced_on_it",
            platforms::an_epoch_is_announced_on_it,
        ),
        on_servers(
            "relay::platforms::orders_of_a_platform_survive_killed_relays",
            platforms::orders_of_a_platform_survive_killed_relays,
        ),
    ]);
    trials.push(on_private_servers(
        "relay::once::an_append_is_held_open_and_each_server_crashes",
        async |env: &TestEnv, servers: &PrivateServers| {
            let scene = Scene::new(&env.config).await?;
            once::nothing_passes_an_open_append(&scene).await?;
            once::kafka_restarts(servers, &scene).await?;
            once::postgres_restarts(servers, &scene).await
        },
    ));
    trials
}
