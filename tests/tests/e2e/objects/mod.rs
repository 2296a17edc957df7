//! Objects in an S3-compatible store: what is uploaded, and what is made to be
//! downloaded, by real roles.

mod away;
mod bucket;
mod exports;
mod operations;
mod refused;

use infra::{config::Config, secret::Secret};
use libtest_mimic::Trial;
use s3_server::{ACCESS_KEY, BUCKET, SECRET_KEY, Server};
use tests::{alone, on_servers};

pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($module:ident :: $test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("objects::", stringify!($module), "::", stringify!($test)),
                async |env: &tests::TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    let mut trials = vec![
        alone(
            "objects::bucket::what_is_not_finished_is_ended_at_once_or_once_it_is_old",
            bucket::what_is_not_finished_is_ended_at_once_or_once_it_is_old,
        ),
        alone(
            "objects::bucket::an_object_that_is_not_there_is_told_from_a_bucket_that_is_not",
            bucket::an_object_that_is_not_there_is_told_from_a_bucket_that_is_not,
        ),
    ];
    trials.extend(trials![
        exports::a_file_is_written_in_parts_and_read_in_ranges,
        exports::a_cancelled_export_leaves_no_upload_open,
        operations::an_upload_goes_through_the_store_and_so_do_its_results,
        refused::what_is_wrong_with_a_store_is_named_and_answered_503,
        away::an_export_is_written_once_its_store_is_back,
    ]);
    trials
}

/// What all names begin with in the bucket.
const PREFIX: &str = "some/prefix";

/// Tells a role of the store.
fn told(store: &Server) -> impl Fn(&mut Config) + Clone + Send + Sync + use<> {
    let url = store.url();
    move |config| {
        config.objects_url = format!("s3://{BUCKET}/{PREFIX}");
        config.objects_s3_endpoint.clone_from(&url);
        config.objects_s3_allow_http = true;
        ACCESS_KEY.clone_into(&mut config.objects_s3_access_key);
        config.objects_s3_secret_key = Secret::new(SECRET_KEY);
    }
}
