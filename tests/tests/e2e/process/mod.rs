//! Process managers: the real worker beside the real command API, relay and
//! Kafka.

mod away;
mod crashing;
mod money;
pub mod scene;
mod timers;
mod whole_life;

use libtest_mimic::Trial;
use tests::{on_private_servers, on_servers};

/// All tests of the worker role.
pub fn trials() -> Vec<Trial> {
    macro_rules! on_servers {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("process::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    let mut trials = on_servers![
        away::a_record_that_cannot_be_read_is_named_and_ends_the_role,
        away::missing_events_end_the_role,
        away::no_step_is_lost_to_a_wrong_key_or_url,
        away::nothing_starts_without_a_key,
        crashing::a_killed_worker_repeats_nothing,
        crashing::two_workers_do_each_step_once,
        money::a_capture_that_succeeds_after_the_cancellation_is_given_back,
        money::a_cancelled_authorisation_is_voided,
        money::a_cancelled_capture_is_to_be_given_back,
        money::a_refund_is_recorded_or_left_alone_where_the_platform_says_so,
        timers::an_unpaid_order_expires_and_a_paid_one_does_not,
        timers::an_unpaid_order_that_moved_on_is_not_expired,
        timers::a_settled_order_is_archived,
        whole_life::an_exchange_is_linked_to_the_return,
        whole_life::imported_orders_start_nothing,
        whole_life::orders_are_confirmed_where_the_platform_says_so,
        whole_life::what_happened_while_no_worker_ran_is_caught_up_with,
    ];
    trials.push(on_private_servers(
        "process::away::servers_that_go_away_are_waited_for",
        async |env: &tests::TestEnv, servers: &tests::PrivateServers| {
            away::servers_that_go_away_are_waited_for(env, servers).await
        },
    ));
    trials
}
