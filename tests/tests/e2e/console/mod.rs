//! The console: a browser without scripts before it, the real APIs behind it.

mod acting;
mod documents;
mod figures;
mod html;
mod integrations;
mod listing;
mod offered;
mod pipeline;
mod safe;
pub mod scene;
mod signing_in;
mod travelling;

use libtest_mimic::Trial;
use tests::on_servers;

/// All tests of the console.
pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($($part:ident)::+),+ $(,)?) => {
            vec![$(on_servers(
                concat!("console", $("::", stringify!($part)),+),
                async |env: &tests::TestEnv| Box::pin($($part)::+(env)).await,
            )),+]
        };
    }
    trials![
        signing_in::a_key_signs_in_and_leads_back_to_what_was_asked_for,
        signing_in::a_link_of_another_site_leads_to_its_page,
        signing_in::what_is_no_key_stays_outside,
        signing_in::nothing_outlives_a_session,
        signing_in::a_revoked_key_ends_its_session,
        signing_in::what_a_key_is_not_for_is_not_shown_and_refused,
        safe::every_answer_keeps_a_browser_to_what_is_ours,
        safe::forms_of_others_do_nothing,
        safe::what_people_write_comes_out_as_text,
        safe::no_log_tells_of_anybody,
        listing::an_order_is_found_by_a_misspelt_name,
        listing::a_list_is_walked_both_ways_and_stays_small,
        listing::the_newest_orders_are_those_that_were_placed_last,
        listing::values_of_a_facet_come_and_go_one_by_one,
        listing::changes_are_told_as_they_come,
        acting::an_order_is_captured_shipped_returned_and_refunded_by_forms,
        acting::a_refusal_is_told_with_its_figures_and_a_stale_form_does_nothing,
        acting::what_was_typed_outlives_a_refusal,
        acting::what_is_not_shown_yet_is_said_to_be_so,
        offered::a_draft_is_placed_or_called_off,
        offered::what_the_order_does_not_allow_is_not_offered,
        figures::what_is_shown_is_what_the_api_says,
        figures::an_empty_shop_says_what_to_do,
        figures::days_are_those_of_the_zone_in_the_url,
        figures::the_range_before_stands_beside_each_period,
        figures::currencies_are_never_mixed,
        figures::names_of_products_come_out_as_text,
        figures::a_key_without_the_scope_is_shown_no_figures,
        pipeline::an_event_is_seen_at_every_stage,
        pipeline::a_parked_order_is_driven_again_from_the_page,
        pipeline::a_projection_is_made_anew_from_the_page,
        pipeline::a_cached_order_is_purged_from_the_page,
        pipeline::a_schedule_rests_from_the_page,
        pipeline::a_section_that_cannot_be_had_leaves_the_others,
        pipeline::a_key_without_the_scope_is_shown_no_pipeline,
        integrations::webhooks::an_endpoint_is_made_pinged_retried_and_deleted,
        integrations::operations::a_file_with_bad_lines_says_which_and_offers_them,
        integrations::operations::a_file_that_is_none_of_the_format_is_told_to_be_such,
        integrations::exports::an_export_is_made_and_downloaded,
        integrations::keys::a_key_is_made_shown_once_and_revoked,
        integrations::strangers::who_may_do_none_of_it_sees_none_of_it,
        integrations::strangers::who_may_only_read_is_offered_nothing_else,
        documents::every_parcel_and_every_credit_has_its_document,
        travelling::an_order_is_shown_as_it_was,
        travelling::one_event_is_shown_as_it_is_published,
    ]
}
