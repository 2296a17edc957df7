//! Reference data from the side of commands: what is saved, what it means for
//! orders, and how soon.

mod followed;
mod fresh;
mod hints;
mod prices;
mod published;
mod rules;
mod saved;
mod scene;

use libtest_mimic::Trial;
use tests::on_servers;

/// All tests of commands on reference data, and of the rules that it sets.
pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("platforms::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    trials![
        saved::a_platform_is_saved_changed_archived_and_restored,
        saved::saving_what_is_there_stores_nothing,
        saved::every_kind_is_told_as_it_was_saved,
        saved::what_cannot_be_saved_is_pointed_at,
        saved::a_catalogue_is_saved_in_bulk_and_again_for_nothing,
        rules::an_order_is_made_as_its_platform_says,
        rules::a_platform_that_is_closed_takes_no_orders,
        rules::an_unknown_platform_is_refused_unless_it_is_to_be_made,
        rules::an_import_of_before_a_change_is_the_same_import,
        rules::a_saved_platform_has_its_orders_confirmed,
        prices::a_price_of_a_client_is_held_against_the_catalogue,
        prices::a_discount_is_for_who_may_set_prices,
        prices::what_a_line_leaves_out_is_in_the_catalogue,
        prices::a_draft_is_priced_once_more_when_it_is_placed,
        hints::a_hint_shows_a_change_in_milliseconds,
        hints::without_hints_nothing_older_than_a_second_is_answered,
        published::each_kind_is_on_its_topic_once_and_in_order,
        published::an_epoch_is_announced_on_every_topic_of_events,
        followed::a_platform_is_read_again_where_it_has_changed,
        followed::what_the_log_does_not_confirm_for_a_second_is_not_known,
        followed::a_worker_waits_for_the_log_before_it_decides,
        fresh::every_order_is_decided_by_rules_of_less_than_a_second_before,
        fresh::readers_follow_within_a_second_while_redis_comes_and_goes,
    ]
}
