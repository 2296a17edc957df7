//! The projector role between a real Kafka, a real log and real views.

mod crashing;
mod failing;
mod fencing;
mod following;
pub mod orders;
pub mod proxy;
mod rebuilding;
mod rows;
mod stories;
mod world;

use libtest_mimic::Trial;
use tests::{PrivateServers, TestEnv, on_private_servers, on_servers, plain};

pub fn trials() -> Vec<Trial> {
    macro_rules! shared {
        ($($module:ident::$test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("projections::", stringify!($module), "::", stringify!($test)),
                async |env: &TestEnv| $module::$test(&env.config).await,
            )),+]
        };
    }
    let mut trials = shared![
        following::everything_is_applied,
        following::every_event_is_applied_one_by_one,
        following::redelivery_changes_nothing,
        following::projectors_come_and_go,
        following::a_gap_is_filled_from_the_log,
        following::positions_follow_what_is_applied,
        following::the_cache_is_told_what_has_changed,
        fencing::a_zombie_is_refused,
        fencing::all_offsets_move_or_none,
        fencing::a_zombie_is_refused_after_a_rebuild,
        fencing::a_batch_cut_in_the_middle_leaves_nothing,
        fencing::lost_connections_double_and_lose_nothing,
        rebuilding::a_rebuild_while_events_arrive,
        rebuilding::a_rebuild_comes_to_the_same,
        rebuilding::an_unusable_build_is_rebuilt,
        rebuilding::an_older_release_does_not_undo_a_newer_one,
        rebuilding::a_recreated_topic_is_followed_from_its_start,
        failing::the_views_go_away_and_come_back,
        failing::without_kafka_the_role_waits,
        failing::a_poisonous_record_is_named,
        failing::a_row_that_is_refused_is_named,
    ];
    trials.push(plain(
        "projections::stories::every_event_is_in_a_story",
        stories::every_event_is_in_a_story,
    ));
    trials.push(on_servers(
        "projections::crashing::killed_while_events_arrive",
        async |env: &TestEnv| crashing::killed_while_events_arrive(env).await,
    ));
    trials.push(on_servers(
        "projections::crashing::a_frozen_projector_is_overtaken",
        async |env: &TestEnv| crashing::a_frozen_projector_is_overtaken(env).await,
    ));
    trials.push(on_private_servers(
        "projections::crashing::each_server_crashes",
        async |env: &TestEnv, servers: &PrivateServers| {
            crashing::each_server_crashes(env, servers).await
        },
    ));
    trials
}
