//! Many commands in one request: what each line comes to, whatever becomes of
//! the request.

pub mod client;
mod dry_run;
mod lines;
mod streams;

use libtest_mimic::Trial;
use tests::on_servers;

/// All tests of bulk requests.
pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("bulk::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    trials![
        lines::a_line_is_the_request_of_its_route,
        lines::lines_about_one_order_are_carried_out_in_their_order,
        lines::ten_thousand_lines_with_bad_ones_among_them_are_told_in_order_and_once,
        lines::what_is_no_bulk_request_is_refused_as_a_whole,
        lines::packed_bodies_are_unpacked,
        dry_run::every_line_is_decided_and_nothing_stored,
        streams::results_come_while_lines_are_still_sent,
        streams::a_client_that_does_not_read_is_not_read_from,
        streams::a_broken_connection_says_nothing_half_and_a_repeat_does_the_rest,
        streams::a_killed_server_does_each_line_once_when_it_is_repeated,
        streams::more_requests_than_there_is_room_for_are_told_to_come_back,
        streams::a_single_command_finds_room_beside_as_many_lines_as_there_can_be,
        streams::a_draining_server_says_where_it_ended,
        streams::a_revoked_key_ends_it,
    ]
}
