//! Tests that each have databases of their own, named after their module.

/// Gives a module its `trials()`: the tests on servers that are named.
macro_rules! suite {
    ($($test:ident),+ $(,)?) => {
        pub fn trials() -> Vec<libtest_mimic::Trial> {
            // `e2e::read_api::lists` is `read_api::lists` in the report.
            let module = module_path!().trim_start_matches("e2e::");
            vec![$(tests::on_servers(
                &format!("{module}::{}", stringify!($test)),
                async |env: &tests::TestEnv| Box::pin($test(env)).await,
            )),+]
        }
    };
}
pub(crate) use suite;
