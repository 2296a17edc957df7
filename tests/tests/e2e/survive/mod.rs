//! What a system outlives: the loss of its log, a pooler between, and a release
//! beside the next one.

mod cluster;
mod migrations;
mod pgbouncer;
mod pooled;
mod restored;
mod system;

use libtest_mimic::Trial;
use tests::{PrivateServers, TestEnv, on_private_servers, on_servers, plain};

pub fn trials() -> Vec<Trial> {
    vec![
        plain(
            "survive::migrations::each_of_them_only_expands",
            migrations::each_of_them_only_expands,
        ),
        plain(
            "survive::migrations::what_does_not_expand_is_found",
            migrations::what_does_not_expand_is_found,
        ),
        on_servers(
            "survive::pooled::a_whole_system_works_behind_pgbouncer",
            async |env: &TestEnv| pooled::a_whole_system_works_behind_pgbouncer(env).await,
        ),
        on_servers(
            "survive::pooled::a_pooler_that_will_not_do_is_named",
            async |env: &TestEnv| pooled::a_pooler_that_will_not_do_is_named(env).await,
        ),
        on_private_servers(
            "survive::restored::a_backup_of_the_log_becomes_a_new_cluster_and_everything_follows",
            async |env: &TestEnv, servers: &PrivateServers| {
                restored::a_backup_of_the_log_becomes_a_new_cluster_and_everything_follows(
                    env, servers,
                )
                .await
            },
        ),
    ]
}
