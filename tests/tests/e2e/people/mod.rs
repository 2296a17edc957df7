//! People: customers and guests, whose orders are whose, and what is left of somebody
//! who wants to be forgotten.

mod answered;
mod erased;
mod exported;
mod guests;
mod hindered;
mod listed;
mod on_disk;
mod places;
pub mod town;

use libtest_mimic::Trial;
use tests::{on_private_servers, on_servers};

/// All tests of people.
pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("people::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    let mut trials = trials![
        erased::a_customer_is_forgotten_in_every_copy_and_nobody_else_is,
        erased::a_guest_is_forgotten_by_their_email,
        erased::an_order_is_forgotten_with_those_that_replace_goods_of_it,
        erased::orders_that_became_a_customers_are_forgotten_from_their_begin,
        erased::who_may_not_erase_is_refused_and_nothing_is_gone,
        exported::a_file_of_several_channels_is_taken_back_however_they_were_asked_for,
        exported::filters_that_name_somebody_are_forgotten,
        exported::an_export_that_waits_and_names_somebody_keeps_an_erasure_open,
        answered::what_receivers_say_of_an_erased_order_is_not_kept,
        hindered::a_killed_worker_goes_on_with_an_erasure,
        hindered::a_parked_order_keeps_an_erasure_open,
        hindered::a_build_that_began_before_forgets_as_well,
        hindered::what_a_restored_backup_brings_back_is_erased_again,
        guests::orders_of_a_guest_become_those_of_a_customer,
        listed::customers_are_listed_by_their_last_order,
    ];
    trials.push(on_private_servers(
        "people::on_disk::nothing_of_a_person_is_left_in_any_file",
        async |env: &tests::TestEnv, servers: &tests::PrivateServers| {
            on_disk::nothing_of_a_person_is_left_in_any_file(env, servers).await
        },
    ));
    trials
}
