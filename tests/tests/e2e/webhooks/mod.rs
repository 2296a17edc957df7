//! Webhooks: real roles, receivers on this machine.

mod failing;
pub mod receiver;
mod reread;
pub mod scene;
mod storm;
mod telling;
mod tending;

use libtest_mimic::Trial;
use tests::{on_private_servers, on_servers};

pub fn trials() -> Vec<Trial> {
    macro_rules! on_servers {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("webhooks::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    let mut trials = on_servers![
        telling::an_event_is_told_once_signed_and_without_personal_data,
        telling::each_endpoint_is_told_what_it_wants,
        telling::what_was_imported_is_told_where_it_is_asked_for,
        telling::a_repeated_request_makes_one_endpoint,
        telling::a_rotated_secret_signs_beside_the_one_before,
        telling::a_deleted_endpoint_is_told_nothing,
        telling::the_example_receiver_verifies_what_it_is_told,
        telling::a_developers_machine_is_told_without_an_endpoint,
        failing::a_failed_request_is_sent_again,
        failing::a_receiver_is_left_alone_as_long_as_it_asks,
        failing::a_receiver_that_is_gone_is_told_nothing_more,
        failing::days_of_nothing_but_failure_disable_an_endpoint,
        failing::an_endpoint_that_fails_rests,
        failing::an_ordered_endpoint_is_told_in_order,
        failing::receivers_that_hang_delay_nobody,
        reread::a_topic_that_is_read_again_tells_nobody_twice,
        reread::events_that_are_new_once_more_are_told_to_nobody_twice,
        tending::a_repeat_whose_outcome_is_gone_is_told_so,
        tending::what_a_disabled_endpoint_misses_is_kept_and_replayed,
        tending::a_range_is_replayed,
        tending::a_rotation_holds_for_what_waits,
        tending::what_a_lost_master_key_sealed_fails_and_says_why,
        tending::endpoints_are_listed_by_pages,
    ];
    trials.push(on_private_servers(
        "webhooks::storm::nothing_is_lost_whatever_is_killed",
        storm::nothing_is_lost_whatever_is_killed,
    ));
    trials
}
