//! The event store and the executor on a real log: one suite for both ways to
//! append. `stock` (postgres-es itself) is the oracle of `grouped`.

mod differential;
mod instances;
mod joined;
mod numbers;
mod scene;
mod snapshots;
mod storm;
mod suite;

use infra::config::EventStoreKind;
use libtest_mimic::Trial;
use tests::{TestEnv, on_servers};

/// Each of the suite's tests for both ways to append, and those of group
/// commit alone.
pub fn trials() -> Vec<Trial> {
    let kinds = [
        ("grouped", EventStoreKind::Grouped),
        ("stock", EventStoreKind::Stock),
    ];
    macro_rules! both {
        ($($module:ident::$test:ident),+ $(,)?) => {
            kinds.into_iter().flat_map(|(name, kind)| [$(
                on_servers(
                    &format!(concat!("event_store::{}::", stringify!($test)), name),
                    async move |env: &TestEnv| $module::$test(env, kind).await,
                )
            ),+]).collect::<Vec<_>>()
        };
    }
    macro_rules! ours {
        ($($module:ident::$test:ident),+ $(,)?) => {[$(
            on_servers(
                concat!("event_store::", stringify!($module), "::", stringify!($test)),
                $module::$test,
            )
        ),+]};
    }
    let mut trials = both![
        suite::racing_commands_are_all_stored_once,
        suite::repeats_in_flight_get_the_first_ones_answer,
        suite::a_repeat_answers_as_of_then,
        suite::a_repeat_is_recognised_before_its_precondition,
        suite::a_key_with_another_payload_is_refused,
        suite::a_rejected_command_stores_nothing,
        suite::nothing_is_written_before_the_insert,
        suite::lost_connections_double_and_lose_nothing,
        instances::a_stale_order_costs_a_retry,
        instances::nothing_is_refused_for_what_is_only_in_memory,
        instances::nothing_is_left_undone_for_what_is_only_in_memory,
        instances::a_precondition_is_held_against_the_log,
        instances::a_repeat_elsewhere_gets_the_first_answer,
        instances::a_key_raced_by_two_processes_is_one_command,
        snapshots::what_came_before_a_snapshot_is_not_loaded,
        snapshots::a_snapshot_and_all_events_lead_to_the_same,
        snapshots::a_snapshot_does_not_know_too_much,
    ];
    trials.extend(ours![
        differential::both_ways_to_append_leave_the_same_events,
        instances::nothing_follows_what_the_log_has_lost,
        joined::what_comes_together_is_stored_together,
        joined::a_bad_command_fails_no_neighbour,
        joined::a_locked_stream_keeps_no_neighbour_waiting,
        numbers::no_number_is_given_twice,
        numbers::a_block_is_fetched_before_it_is_needed,
        snapshots::a_snapshot_is_sealed_and_erased_with_its_events,
        storm::every_committed_event_is_read_once_in_order,
        storm::without_the_horizon_events_are_lost,
        storm::half_a_command_shows,
        storm::a_write_before_the_insert_shows,
    ]);
    trials
}
