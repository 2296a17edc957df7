//! Personal data: ciphertext wherever it is kept for ever, and gone with its
//! key.

mod diary;
mod erasure;
mod executor;
mod keys;
mod projector;
pub mod scene;
mod whole_path;

use infra::config::EventStoreKind;
use libtest_mimic::Trial;
use tests::{TestEnv, on_servers};

pub fn trials() -> Vec<Trial> {
    macro_rules! shared {
        ($($module:ident::$test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("sealing::", stringify!($module), "::", stringify!($test)),
                async |env: &TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    let mut trials = shared![
        erasure::a_deleted_key_is_gone_for_every_process,
        erasure::a_rebuild_shows_what_is_erased_and_verify_agrees,
        erasure::a_new_key_of_an_erased_subject_is_not_taken_for_the_old_one,
        executor::without_personal_data_no_key_is_asked_for,
        executor::without_the_keys_nothing_is_stored,
        executor::the_size_that_counts_is_the_sealed_one,
        executor::a_moved_ciphertext_is_named,
        executor::what_was_erased_meanwhile_is_not_sealed_again,
        executor::what_was_erased_meanwhile_is_not_copied_elsewhere,
        keys::new_subjects_are_made_together,
        keys::two_processes_end_with_one_key,
        keys::a_hot_subject_asks_nothing,
        keys::many_events_ask_once,
        keys::another_master_key_is_named,
        keys::a_role_without_a_master_key_says_what_to_do,
        projector::log_and_kafka_are_ciphertext_and_views_are_readable,
        projector::without_the_keys_it_waits_and_loses_nothing,
        projector::a_gap_is_refolded_readable,
        projector::a_damaged_record_parks_its_order,
        whole_path::a_customer_is_readable_until_erased,
    ];
    for (name, kind) in [
        ("grouped", EventStoreKind::Grouped),
        ("stock", EventStoreKind::Stock),
    ] {
        trials.push(on_servers(
            &format!("sealing::executor::{name}::what_is_stored_is_sealed"),
            async move |env: &TestEnv| executor::what_is_stored_is_sealed(env, kind).await,
        ));
    }
    trials
}
