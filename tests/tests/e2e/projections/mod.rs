//! The projector role between a real Kafka, a real log and real views.

mod bounds;
mod broken;
mod builds;
mod call_offs;
mod crashing;
pub mod deliveries;
mod example;
mod failing;
mod faults;
mod fencing;
mod following;
mod migrating;
pub mod orders;
mod parking;
mod reading;
mod rebuilding;
mod revisions;
mod rows;
pub mod stall;
pub mod state;
mod stories;
mod switching;
mod waiting_builds;
mod wire;
pub mod world;

use libtest_mimic::Trial;
use tests::{PrivateServers, TestEnv, on_private_servers, on_servers, plain};

/// Tests that need the servers' addresses only.
macro_rules! shared {
    ($($module:ident::$test:ident),+ $(,)?) => {
        vec![$(on_servers(
            concat!("projections::", stringify!($module), "::", stringify!($test)),
            async |env: &TestEnv| $module::$test(&env.config).await,
        )),+]
    };
}

pub fn trials() -> Vec<Trial> {
    let mut trials = shared![
        following::everything_is_applied,
        following::every_event_is_applied_one_by_one,
        following::redelivery_changes_nothing,
        following::projectors_come_and_go,
        following::a_gap_is_filled_from_the_log,
        following::positions_follow_what_is_applied,
        following::the_cache_is_told_what_has_changed,
        following::the_cache_is_told_that_statistics_are_newer,
        fencing::a_zombie_is_refused,
        fencing::all_offsets_move_or_none,
        fencing::what_is_committed_before_a_failure_is_told,
        fencing::a_zombie_is_refused_after_a_rebuild,
        fencing::a_batch_cut_in_the_middle_leaves_nothing,
        fencing::lost_connections_double_and_lose_nothing,
        fencing::checkpoints_are_locked_from_the_lowest_on,
        rebuilding::a_rebuild_while_events_arrive,
        rebuilding::a_rebuild_comes_to_the_same,
        rebuilding::an_unusable_build_is_rebuilt,
        rebuilding::an_older_release_does_not_undo_a_newer_one,
        rebuilding::a_recreated_topic_is_followed_from_its_start,
        rebuilding::what_separates_rows_stays_text,
        rebuilding::a_build_is_analysed_before_it_is_served,
        builds::a_requested_build_is_carried_out_by_the_projector,
        builds::a_cancelled_build_leaves_nothing,
        builds::an_older_version_is_served_until_the_new_one_is_complete,
        builds::a_long_read_delays_the_switch_and_no_other_read,
        broken::orders_that_cannot_be_made_are_parked,
        broken::orders_that_break_during_a_build_are_parked,
        bounds::a_page_of_large_orders_is_a_short_one,
        bounds::large_events_are_caught_up_with_before_the_switch,
        switching::a_held_view_delays_the_switch,
        switching::a_held_up_switch_lets_go_at_once,
        switching::a_vacuum_makes_way_for_the_switch,
        switching::an_export_does_not_hold_the_switch_up_for_ever,
        switching::indexes_are_made_once,
        switching::what_was_not_read_before_a_switch_is_read_after_it,
        switching::a_worker_goes_on_with_no_other_build,
        switching::an_epoch_that_begins_during_a_build_begins_another,
        example::a_projection_of_one_file_is_followed_redelivered_and_rebuilt,
        example::a_projection_of_one_file_is_verified_and_repaired,
        failing::the_views_go_away_and_come_back,
        failing::without_kafka_the_role_waits,
        failing::an_order_waits_for_the_log,
        failing::a_lock_parks_nothing,
        faults::without_the_version_guard_the_check_fails,
        faults::without_the_compare_and_set_the_check_fails,
    ];
    trials.extend(delivery_trials());
    trials.extend(waiting_trials());
    trials.extend(parking_trials());
    trials.extend(state::trials());
    trials.push(plain(
        "projections::stories::every_event_is_in_a_story",
        stories::every_event_is_in_a_story,
    ));
    trials.push(plain(
        "projections::example::the_document_shows_the_projection_that_is_tested",
        example::the_document_shows_the_projection_that_is_tested,
    ));
    trials.push(on_servers(
        "projections::builds::requests_are_answered_while_builds_are_switched",
        async |env: &TestEnv| builds::requests_are_answered_while_builds_are_switched(env).await,
    ));
    trials.push(on_servers(
        "projections::builds::a_killed_builder_is_gone_on_with",
        async |env: &TestEnv| builds::a_killed_builder_is_gone_on_with(env).await,
    ));
    trials.push(on_servers(
        "projections::revisions::no_build_shows_the_revision_of_another",
        async |env: &TestEnv| revisions::no_build_shows_the_revision_of_another(env).await,
    ));
    trials.push(on_servers(
        "projections::migrating::views_of_an_older_release_are_served_until_they_are_built_anew",
        async |env: &TestEnv| {
            migrating::views_of_an_older_release_are_served_until_they_are_built_anew(env).await
        },
    ));
    trials.push(on_servers(
        "projections::crashing::killed_while_events_arrive",
        async |env: &TestEnv| crashing::killed_while_events_arrive(env).await,
    ));
    trials.push(on_servers(
        "projections::crashing::what_is_delivered_again_is_counted",
        async |env: &TestEnv| crashing::what_is_delivered_again_is_counted(env).await,
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

fn waiting_trials() -> Vec<Trial> {
    let mut trials = shared![
        waiting_builds::a_first_build_parks_whatever_it_has_to,
        waiting_builds::an_index_that_is_refused_is_tried_again,
    ];
    trials.push(on_servers(
        "projections::waiting_builds::a_build_that_parks_too_much_is_held_until_it_is_accepted",
        async |env: &TestEnv| {
            waiting_builds::a_build_that_parks_too_much_is_held_until_it_is_accepted(env).await
        },
    ));
    trials.push(on_servers(
        "projections::waiting_builds::a_held_build_can_be_cancelled",
        async |env: &TestEnv| waiting_builds::a_held_build_can_be_cancelled(env).await,
    ));
    trials
}

fn delivery_trials() -> Vec<Trial> {
    shared![
        deliveries::any_delivery_comes_to_a_plain_fold,
        deliveries::without_the_version_guard_a_delivery_differs,
        deliveries::without_the_compare_and_set_a_delivery_differs,
        deliveries::with_offsets_before_rows_a_delivery_differs,
        deliveries::a_batch_cut_after_any_statement_leaves_nothing,
        deliveries::a_batch_takes_the_same_number_of_statements,
    ]
}

fn parking_trials() -> Vec<Trial> {
    macro_rules! parking {
        ($($module:ident::$test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("projections::parking::", stringify!($module), "::", stringify!($test)),
                async |env: &TestEnv| parking::$module::$test(&env.config).await,
            )),+]
        };
    }
    let mut trials = parking![
        damage::a_damaged_record_parks_its_order_alone,
        damage::a_row_that_is_refused_parks_its_order,
        damage::a_row_that_cannot_be_read_parks_its_order,
        damage::a_record_without_an_order_is_kept,
        damage::a_record_of_another_version_than_its_envelope_parks,
        damage::an_unreadable_announcement_asks_the_log,
        damage::redelivery_keeps_what_waits_once,
        driving::what_is_still_wrong_stays_with_the_new_reason,
        driving::a_mark_is_found_without_a_word,
        driving::an_order_that_differs_is_folded_anew,
        driving::the_cache_is_told_what_is_folded_anew,
        driving::an_order_becomes_what_the_log_knows_of_it,
        driving::many_are_driven_while_events_arrive,
        driving::lost_connections_drive_nothing_twice,
        surviving::restarts_and_rebalances_keep_what_waits,
        surviving::two_workers_drive_each_its_own,
        surviving::a_zombie_drives_nothing,
    ];
    trials.push(on_servers(
        "projections::parking::surviving::killed_while_orders_are_parked",
        async |env: &TestEnv| parking::surviving::killed_while_orders_are_parked(env).await,
    ));
    trials.push(on_servers(
        "projections::parking::surviving::the_metrics_tell",
        async |env: &TestEnv| parking::surviving::the_metrics_tell(env).await,
    ));
    trials
}
