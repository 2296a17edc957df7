//! Who may do what: by keys, what they are for and which platform they are of, and
//! by tokens of an identity provider.

mod keys;
mod limits;
mod others;
mod own;
mod provider;
mod routes;
mod tokens;

use anyhow::{Context as _, Result};
use infra::api_keys::{self, Rights, Scopes};
use libtest_mimic::Trial;
use tests::{Api, TestEnv, on_servers};

/// All tests of access.
pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("access::", stringify!($module), "::", stringify!($test)),
                async |env: &TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    trials![
        routes::every_route_asks_for_what_its_document_says,
        own::a_key_of_one_platform_reads_its_own_only,
        own::a_key_of_one_platform_changes_its_own_only,
        own::lines_may_do_what_whoever_sends_them_may,
        others::sums_and_customers_are_of_ones_own_platform,
        others::files_are_of_ones_own_platform,
        others::streams_are_of_ones_own_platform,
        others::nothing_is_begun_for_another_platform,
        keys::a_key_is_made_used_and_revoked_over_http,
        keys::a_revoked_key_is_refused_everywhere_within_a_second,
        keys::a_key_gives_no_more_than_it_has,
        keys::a_key_ends_when_it_says,
        limits::a_key_that_asks_too_often_is_told_to_come_back,
        limits::a_platform_limits_the_keys_that_are_for_it_alone,
        limits::an_address_is_that_of_whom_a_trusted_proxy_speaks_for,
        tokens::a_token_is_for_what_it_says,
        tokens::what_is_no_token_of_the_provider_is_refused,
        tokens::keys_of_the_provider_change,
    ]
}

/// A client whose key has these rights.
async fn client(env: &TestEnv, url: &str, rights: &Rights) -> Result<Api> {
    let ops = infra::postgres::pool(&env.config.ops_url, 1)?;
    let key = api_keys::create_for(&ops, "trial", rights).await;
    Ok(Api::with_key(url, &key.context("a key")?.secret))
}

fn scoped(scopes: &[&str]) -> Rights {
    let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
    Rights {
        scopes: Scopes::new(Some(scopes)),
        ..Rights::default()
    }
}

fn bound(platform: &str) -> Rights {
    Rights {
        platform: Some(platform.to_owned()),
        ..Rights::default()
    }
}
