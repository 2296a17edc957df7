//! Queries, most of them on views that each test fills by hand: what they answer
//! does not depend on who has written the views.

mod admin;
mod cached;
mod coded;
mod compared;
mod counted;
mod customer_plans;
mod documents;
mod expanding;
pub mod exports;
mod guard;
mod history;
mod lists;
pub mod live;
mod log_pages;
mod near;
mod one_order;
mod overheard;
mod paged;
mod parked;
mod past;
mod pdftotext;
mod plans;
mod plumbing;
mod rebuild;
pub mod redis_failing;
mod replicas;
mod search_plans;
mod searching;
mod slow;
pub mod statistics;
mod top_lists;
pub mod views;
mod waiting;
mod whole_lists;

use libtest_mimic::Trial;

/// All tests of queries.
pub fn trials() -> Vec<Trial> {
    [
        admin::trials(),
        cached::trials(),
        coded::trials(),
        compared::trials(),
        counted::trials(),
        customer_plans::trials(),
        documents::trials(),
        expanding::trials(),
        exports::trials(),
        guard::trials(),
        history::trials(),
        lists::trials(),
        live::trials(),
        log_pages::trials(),
        near::trials(),
        one_order::trials(),
        parked::trials(),
        paged::trials(),
        past::trials(),
        pdftotext::trials(),
        plans::trials(),
        plumbing::trials(),
        rebuild::trials(),
        redis_failing::trials(),
        replicas::trials(),
        search_plans::trials(),
        searching::trials(),
        slow::trials(),
        statistics::trials(),
        top_lists::trials(),
        waiting::trials(),
        whole_lists::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

use crate::suite::suite;
