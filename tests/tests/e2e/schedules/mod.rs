//! What schedules do to orders and answers, on real servers.

mod archive;
mod killed;
mod scene;
mod warm_up;

use libtest_mimic::Trial;
use tests::on_servers;

/// All tests of it.
pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("schedules::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    trials![
        archive::what_is_over_is_archived_and_nothing_else,
        archive::an_order_that_was_changed_meanwhile_is_left_alone,
        archive::nothing_is_archived_unless_somebody_has_asked_for_it,
        killed::a_killed_worker_archives_each_order_once,
        warm_up::after_a_flush_the_next_request_finds_its_answer,
        warm_up::what_is_asked_each_day_is_there_before_it_is_asked,
    ]
}
