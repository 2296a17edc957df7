//! End-to-end tests: the real binary on real servers, in one program. Its
//! modules mirror what they test; each gives its tests in `trials()`.

mod access;
mod analytics;
mod audit;
mod bulk;
mod chaos;
mod commands;
mod compose;
mod console;
mod dev;
mod doctor;
mod epochs;
mod event_store;
mod exports;
mod front;
mod fuzz;
mod harness;
mod hostile;
mod import;
mod integrators;
mod jobs;
mod lifecycle;
mod local_servers;
mod managed;
mod objects;
mod old_events;
mod operations;
mod people;
mod platforms;
mod process;
mod projections;
mod proxy;
mod races;
mod read_api;
mod reference;
mod relay;
mod replay;
mod schedules;
mod sealing;
mod secured;
mod seed;
mod soak;
mod suite;
mod survive;
mod traces;
mod verify;
mod webhooks;
mod whole_path;
mod workspace;

use std::process::ExitCode;

/// Trials and modules of them that hold the system to a time on the clock, or
/// load the machine on purpose: no more run beside them than other cores are.
const TIMED: &[&str] = &[
    "access::keys",
    "chaos",
    "front::fleet",
    "front::unanswered",
    "hostile",
    "import::whole_file",
    "jobs::leases",
    "platforms::fresh",
    "platforms::hints",
    "projections::state::overtaking",
    "read_api::admin::projections_are_told_with_their_lag",
    "read_api::cached",
    "read_api::live::busy",
    "read_api::live::limits",
    "read_api::near",
    "read_api::plumbing",
    "read_api::redis_failing",
    "read_api::statistics::a_redis_that_never_answers_costs_one_short_wait",
    "relay::cut_off",
    "relay::frozen",
    "soak",
    "traces::trouble",
    "webhooks::failing::receivers_that_hang_delay_nobody",
    "webhooks::storm",
];

fn main() -> ExitCode {
    if let Some(dir) = std::env::var_os(local_servers::OWNER) {
        return local_servers::own_servers_until_killed(dir.into());
    }
    if let Some(file) = std::env::var_os(jobs::WORKER) {
        return jobs::work_until_killed(file.as_ref());
    }
    let trials = [
        access::trials(),
        analytics::trials(),
        audit::trials(),
        bulk::trials(),
        chaos::trials(),
        commands::trials(),
        compose::trials(),
        console::trials(),
        dev::trials(),
        doctor::trials(),
        epochs::trials(),
        event_store::trials(),
        exports::trials(),
        front::trials(),
        fuzz::trials(),
        harness::trials(),
        hostile::trials(),
        import::trials(),
        integrators::trials(),
        jobs::trials(),
        lifecycle::trials(),
        local_servers::trials(),
        managed::trials(),
        objects::trials(),
        old_events::trials(),
        operations::trials(),
        people::trials(),
        platforms::trials(),
        process::trials(),
        projections::trials(),
        races::trials(),
        read_api::trials(),
        reference::trials(),
        relay::trials(),
        replay::trials(),
        schedules::trials(),
        sealing::trials(),
        secured::trials(),
        seed::trials(),
        soak::trials(),
        survive::trials(),
        traces::trials(),
        verify::trials(),
        webhooks::trials(),
        whole_path::trials(),
        workspace::trials(),
    ];
    tests::run(trials.into_iter().flatten().collect(), TIMED)
}
