//! `orderlog replay`: what the log holds, once more.

mod following;
mod horizon;
mod lines;
mod places;
mod refused;
mod resumed;
mod scene;
mod topic;

use libtest_mimic::Trial;
use tests::{PrivateServers, TestEnv, on_private_servers, on_servers};

pub fn trials() -> Vec<Trial> {
    macro_rules! shared {
        ($($module:ident::$test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("replay::", stringify!($module), "::", stringify!($test)),
                async |env: &TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    let mut trials = shared![
        following::what_is_appended_follows_until_it_is_told_to_stop,
        lines::each_line_is_what_was_published,
        lines::filters_take_what_they_name,
        lines::a_reader_that_goes_away_ends_it_quietly,
        places::ranges_by_position_meet_without_gap_or_overlap,
        places::a_time_is_a_place_in_the_log,
        refused::bad_input_is_named,
        refused::positions_and_resume_files_of_something_else_are_refused,
        resumed::a_killed_run_goes_on_in_its_file_to_the_byte,
        resumed::a_stopped_run_says_so_and_goes_on,
        resumed::into_a_pipe_nothing_is_missing,
        topic::records_are_those_of_the_relay_at_the_chosen_rate,
        topic::a_killed_run_goes_on_without_a_gap,
        topic::a_topic_of_another_shape_is_refused,
    ];
    trials.push(on_private_servers(
        "replay::horizon::an_open_transaction_ends_a_replay_and_the_doctor_names_it",
        async |env: &TestEnv, _: &PrivateServers| {
            horizon::an_open_transaction_ends_a_replay_and_the_doctor_names_it(env).await
        },
    ));
    trials
}
