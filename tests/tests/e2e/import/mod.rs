//! Imports through the whole path: the real program, its report, what the
//! read models make of it, and what a comparison says afterwards.

mod chaos;
mod country;
mod figures;
mod formats;
mod independent;
pub mod lives;
mod oddities;
mod repeat;
pub mod synthetic;
pub mod system;
mod whole_file;

use libtest_mimic::Trial;
use tests::{on_private_servers, on_servers};

/// All tests of imports and of `orderlog verify`.
pub fn trials() -> Vec<Trial> {
    macro_rules! on_servers {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("import::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    let mut trials = on_servers![
        formats::a_csv_with_a_mapping,
        formats::orders_of_shopify,
        formats::orders_as_the_api_takes_them,
        formats::the_tables_of_a_shop_in_postgresql,
        formats::a_killed_import_goes_on_when_it_is_repeated,
        oddities::each_has_its_place_in_the_report_and_in_the_orders,
        repeat::a_second_import_changes_nothing_and_says_so,
        repeat::a_stopped_import_goes_on_when_repeated,
        whole_file::statistics_equal_an_independent_computation,
        whole_file::statistics_of_a_made_up_file_equal_an_independent_computation,
    ];
    trials.push(on_private_servers(
        "import::chaos::killed_roles_and_kafka_lose_and_double_nothing",
        async |env: &tests::TestEnv, servers: &tests::PrivateServers| {
            chaos::killed_roles_and_kafka_lose_and_double_nothing(env, servers).await
        },
    ));
    trials
}
