//! An order's whole life over HTTP: every command once as it should be and
//! once as it should not.

mod bad_input;
mod conditions;
mod drafts;
mod edits;
mod exchanges;
mod fulfillments;
mod imports;
mod invoices;
mod money;
mod orders;
mod returns;
mod scene;

use libtest_mimic::Trial;

/// All tests of the order's life.
pub fn trials() -> Vec<Trial> {
    [
        bad_input::trials(),
        conditions::trials(),
        drafts::trials(),
        edits::trials(),
        exchanges::trials(),
        fulfillments::trials(),
        imports::trials(),
        invoices::trials(),
        money::trials(),
        orders::trials(),
        returns::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Registers tests of this folder: those on a command API, and after the
/// semicolon those that start their own.
macro_rules! register {
    ($module:literal: $($test:ident),+ $(,)? $(; $($own:ident),+ $(,)?)?) => {
        pub fn trials() -> Vec<libtest_mimic::Trial> {
            vec![
                $(tests::on_servers(
                    concat!("lifecycle::", $module, "::", stringify!($test)),
                    async |env: &tests::TestEnv| {
                        $test(&super::scene::Scene::new(env).await?).await
                    },
                ),)+
                $($(tests::on_servers(
                    concat!("lifecycle::", $module, "::", stringify!($own)),
                    async |env: &tests::TestEnv| $own(env).await,
                ),)+)?
            ]
        }
    };
}
use register;
