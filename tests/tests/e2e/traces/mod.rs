//! Traces: the real roles, and a collector on this machine.

mod collector;
mod recorded;
mod scene;
mod trouble;

use libtest_mimic::Trial;
use tests::on_servers;

pub fn trials() -> Vec<Trial> {
    macro_rules! on_servers {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("traces::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    on_servers![
        recorded::a_request_is_followed_to_the_webhook,
        recorded::what_is_not_sampled_leaves_no_span,
        trouble::a_collector_that_is_away_or_hangs_delays_nobody,
    ]
}
