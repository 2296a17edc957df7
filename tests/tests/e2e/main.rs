//! End-to-end tests: the real binary on real servers, in one program. Its
//! modules mirror what they test; each gives its tests in `trials()`.

mod harness;
mod local_servers;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(dir) = std::env::var_os(local_servers::OWNER) {
        return local_servers::own_servers_until_killed(dir.into());
    }
    let trials = [
        harness::trials(),
        local_servers::trials(),
        workspace::trials(),
    ];
    tests::run(trials.into_iter().flatten().collect())
}
