//! `orderlog verify`: what it finds, what it repairs, and what it takes for no
//! difference.

mod behind;
mod documents;
mod flight;
mod sample;
mod tampering;
mod topic;

use anyhow::Context as _;
use libtest_mimic::Trial;
use serde_json::Value;
use tests::{TestEnv, on_servers};

pub fn trials() -> Vec<Trial> {
    macro_rules! on_servers {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("verify::", stringify!($module), "::", stringify!($test)),
                async |env: &TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    on_servers![
        behind::what_is_behind_is_named,
        documents::what_is_published_wrongly_is_found_and_published_again,
        documents::a_row_that_is_wrong_says_nothing_of_its_document,
        documents::documents_that_nobody_publishes_are_named,
        flight::orders_in_flight_are_no_differences,
        sample::a_sample_is_the_same_for_the_same_seed,
        tampering::what_was_tampered_with_is_found_and_repaired,
        tampering::a_sum_that_is_off_is_set_right,
        tampering::without_a_projector_nothing_is_repaired,
        topic::every_fault_of_the_topic_is_found,
    ]
}

/// Runs `orderlog verify`; its exit code and its report.
pub async fn report(env: &TestEnv, args: &[&str]) -> anyhow::Result<(i32, Value)> {
    let always = ["verify", "--json", "--examples", "100"];
    let output = env.orderlog(&[&always, args].concat()).await?;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).context(error)?;
    Ok((output.status.code().context("it was killed")?, report))
}
