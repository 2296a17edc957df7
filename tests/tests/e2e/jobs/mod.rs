//! The job queue on real servers: in this process where a trial has to see
//! into handlers, in processes of their own where they are to be killed.

mod away;
mod dispatch;
mod draining;
mod failing;
pub mod hall;
mod killed;
mod leases;
mod measured;
mod people;
mod schedules;
mod streams;
mod turns;

pub use killed::{WORKER, work_until_killed};

use libtest_mimic::Trial;
use tests::{on_private_servers, on_servers};

pub fn trials() -> Vec<Trial> {
    macro_rules! on_servers {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("jobs::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    macro_rules! on_private_servers {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_private_servers(
                concat!("jobs::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv, servers: &tests::PrivateServers| {
                    $module::$test(env, servers).await
                },
            )),+]
        };
    }
    let mut trials = on_servers![
        dispatch::a_job_is_done_once_with_its_result,
        dispatch::a_job_of_a_rolled_back_transaction_never_was,
        dispatch::a_job_whose_announcement_was_lost_is_done,
        dispatch::a_delayed_job_is_not_done_before_its_time,
        dispatch::an_announcement_that_comes_often_has_one_effect,
        dispatch::without_its_guard_a_job_is_done_twice,
        dispatch::a_kind_that_has_moved_takes_its_jobs_along,
        dispatch::two_workers_share_what_there_is,
        dispatch::kinds_of_other_releases_are_left_alone,
        draining::short_jobs_are_waited_for,
        draining::long_jobs_are_given_to_others_at_once,
        draining::a_job_that_listens_goes_on_elsewhere,
        failing::a_failed_job_is_tried_again_and_its_failures_are_kept,
        failing::a_job_that_keeps_failing_is_dead_and_can_be_retried,
        failing::a_permanent_failure_is_the_end_at_once,
        failing::retrying_all_that_is_dead_ends_where_all_die_again,
        failing::a_panic_outside_of_the_work_is_a_failure_too,
        failing::a_panic_is_a_failure_and_harms_nobody_else,
        failing::a_job_that_hangs_is_ended_at_its_limit,
        failing::a_snooze_is_no_attempt,
        failing::a_table_that_is_locked_is_waited_for_with_what_is_done,
        failing::a_result_that_cannot_be_stored_harms_nobody_else,
        leases::a_long_job_keeps_its_lease_and_shows_its_progress,
        leases::progress_that_cannot_be_stored_costs_nobody_a_lease,
        leases::a_stale_completion_is_refused,
        leases::without_the_token_a_stale_completion_is_taken,
        leases::a_handler_learns_that_its_lease_is_lost,
        killed::killed_workers_lose_and_double_nothing,
        killed::a_job_that_kills_its_workers_is_dead_in_the_end,
        measured::a_queue_says_how_long_its_oldest_job_has_been_due,
        people::a_waiting_job_is_cancelled_at_once,
        people::a_running_job_is_told_to_end,
        people::a_job_of_a_dead_worker_can_be_cancelled,
        people::a_dead_job_whose_key_is_taken_stays_dead,
        people::a_unique_key_admits_one_at_a_time,
        people::a_unique_key_admits_one_of_many_at_once,
        people::the_command_line_lists_shows_retries_and_cancels,
        people::operators_see_and_stop_jobs_over_http,
        schedules::a_schedule_is_due_once_with_two_workers,
        schedules::missed_times_are_made_up_for_once,
        schedules::a_paused_schedule_is_quiet,
        schedules::a_schedule_that_is_off_says_why_and_enqueues_nothing,
        schedules::operators_see_and_steer_schedules_over_http,
        schedules::a_worker_throws_away_what_is_old,
        streams::a_message_of_a_dead_consumer_is_announced_anew,
        streams::what_a_drained_worker_has_read_is_announced_anew,
        streams::a_drain_under_load_leaves_nothing_in_the_streams,
        streams::more_jobs_than_a_stream_holds_are_all_done,
        streams::what_nobody_can_read_any_more_is_thrown_away,
        turns::what_matters_more_comes_first_and_the_last_comes_too,
        turns::a_queue_that_hangs_keeps_no_other_waiting,
    ];
    trials.extend(on_private_servers![
        away::redis_may_forget_everything_and_be_away,
        away::postgres_restarts_under_running_jobs,
        away::a_handler_is_told_when_postgres_is_away_for_longer_than_a_lease,
    ]);
    trials
}
