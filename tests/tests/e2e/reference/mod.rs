//! What orders refer to, read, and what is made of it: platforms, products,
//! shipping zones and methods.

mod cached;
mod catalogue;
mod quotes;
mod scene;
mod shared_topic;
mod written;

use libtest_mimic::Trial;
use tests::{TestEnv, on_servers};

/// All tests of it.
pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($module:ident::$test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("reference::", stringify!($module), "::", stringify!($test)),
                async |env: &TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    let mut all = trials![
        written::what_is_saved_is_what_is_read,
        written::what_is_not_there_is_told_by_its_kind,
        catalogue::pages_are_in_the_order_of_the_keys_whatever_came_first,
        catalogue::what_is_archived_is_listed_when_it_is_asked_for,
        catalogue::products_are_found_by_words_and_by_sku,
        catalogue::rebuilt_products_are_the_same_to_the_byte,
        shared_topic::projections_of_one_topic_leave_each_others_events_alone,
        cached::several_products_come_from_the_cache_together,
        cached::without_redis_everything_is_told,
    ];
    all.extend(quotes::trials());
    all
}
