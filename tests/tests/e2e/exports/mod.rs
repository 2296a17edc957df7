//! Exports in the background: real roles, files in a folder.

mod asking;
pub mod desk;
mod ending;
pub mod files;
mod killed;
mod limits;
mod links;

use libtest_mimic::Trial;
use tests::on_servers;

pub fn trials() -> Vec<Trial> {
    macro_rules! on_servers {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("exports::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    on_servers![
        asking::a_repeated_request_makes_one_export,
        asking::what_cannot_be_exported_is_refused_by_its_members,
        asking::without_a_place_for_files_nothing_is_taken,
        files::a_file_is_what_the_streamed_export_sends,
        files::events_are_exported_as_they_are_streamed,
        files::memory_does_not_grow_with_the_file,
        links::a_link_leads_to_its_file_and_nowhere_else,
        links::a_file_is_sent_in_parts,
        ending::a_cancelled_export_leaves_nothing,
        ending::an_export_that_waits_is_cancelled_at_once,
        ending::a_deleted_export_is_gone_with_its_file,
        ending::an_expired_file_is_thrown_away_and_so_is_what_nobody_has,
        killed::a_killed_worker_leaves_no_half_file,
        limits::a_file_that_takes_too_long_fails_once_and_names_the_setting,
        limits::a_file_whose_statement_is_ended_fails_once,
    ]
}
