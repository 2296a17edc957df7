//! Bulk requests in the background: what each line comes to, whoever is killed.

mod carried_out;
mod ended;
mod imports;
mod killed;
pub mod scene;
mod uploads;

use libtest_mimic::Trial;
use tests::on_servers;

/// All tests of operations.
pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("operations::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    trials![
        carried_out::each_line_has_its_result_in_the_order_of_the_lines,
        carried_out::a_dry_run_decides_on_all_earlier_lines_and_stores_nothing,
        carried_out::a_file_with_an_invalid_line_is_rejected_where_that_is_asked_for,
        carried_out::an_order_that_cannot_be_read_keeps_no_other_line_back,
        carried_out::a_key_is_that_of_who_has_uploaded_it,
        killed::a_killed_worker_costs_no_line_and_doubles_none,
        killed::what_a_killed_worker_has_sent_has_results_though_it_is_cancelled,
        ended::an_operation_that_is_cancelled_has_results_of_what_was_done,
        ended::what_was_kept_for_long_enough_is_thrown_away,
        imports::a_file_is_imported_and_each_part_of_it_has_its_result,
        imports::a_file_that_is_none_of_the_format_is_told_to_be_such,
        uploads::a_request_that_is_repeated_makes_one_operation,
        uploads::an_upload_that_breaks_off_leaves_nothing,
        uploads::an_upload_that_is_too_large_is_refused_and_leaves_nothing,
        uploads::without_a_place_for_uploads_none_is_taken,
    ]
}
