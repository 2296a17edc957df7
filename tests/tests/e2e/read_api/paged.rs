//! Every list that has pages, as the OpenAPI document names them.

use super::views::Views;
use anyhow::{Context as _, ensure};
use tests::TestEnv;
use utoipa::openapi::{OpenApi, RefOr, path::ParameterIn};
use uuid::Uuid;

super::suite![no_page_is_longer_than_200_or_empty_by_request];

const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0031);

/// The order is that of a customer, whose id is the same.
const CUSTOMER: &str = "
    INSERT INTO order_customers (order_id, platform, subject, customer_id, placed_at, guest,
        subjects, emails, words)
    VALUES ($1, 'web', $1, 'c-1', now(), false, ARRAY[$1], '{}', '')";

/// A file, of whose lines a `limit` takes the first.
const FILE: &str = "/v1/operations/{id}/results";

/// Paths of lists with a `limit`, with [`ID`] in them.
fn paged(document: &OpenApi) -> Vec<String> {
    let has_limit = |parameters: &[RefOr<utoipa::openapi::path::Parameter>]| {
        parameters.iter().any(|parameter| match parameter {
            RefOr::T(p) => p.parameter_in == ParameterIn::Query && p.name == "limit",
            RefOr::Ref(_) => false,
        })
    };
    let paths = document.paths.paths.iter().filter(|(_, item)| {
        let parameters = item.get.as_ref().and_then(|get| get.parameters.as_deref());
        parameters.is_some_and(has_limit)
    });
    let paths = paths.filter(|(path, _)| *path != FILE);
    let paths = paths.map(|(path, _)| path.replace("{id}", &ID.to_string()));
    paths.collect()
}

async fn no_page_is_longer_than_200_or_empty_by_request(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views.add_order(ID, "W-1", "{\"n\":1}").await?;
    views.run(sqlx::query(CUSTOMER).bind(ID)).await?;
    let paths = paged(&read_api::openapi());
    for expected in [
        "/v1/orders".to_owned(),
        format!("/v1/orders/{ID}/events"),
        "/v1/events".to_owned(),
        "/v1/statistics/products".to_owned(),
        "/v1/statistics/customers".to_owned(),
        "/v1/customers".to_owned(),
        format!("/v1/customers/{ID}/orders"),
    ] {
        ensure!(
            paths.contains(&expected),
            "{expected} has no pages: {paths:?}"
        );
    }
    for path in paths {
        for limit in ["1", "200"] {
            let page = views.api.get(&format!("{path}?limit={limit}")).await?;
            let page = page.expect(200).context(path.clone())?;
            ensure!(page.json["data"].is_array(), "{path}: {}", page.json);
        }
        for wrong in ["201", "0", "-1", "65736", "1e2", "ten"] {
            let refused = views.api.get(&format!("{path}?limit={wrong}")).await?;
            let refused = refused.expect_problem(400, "invalid_parameter");
            let refused = refused.with_context(|| format!("{path}?limit={wrong}"))?;
            let told = &refused.json["errors"][0];
            ensure!(told["parameter"] == "limit", "{path}?limit={wrong}: {told}");
            ensure!(
                told["detail"]
                    .as_str()
                    .is_some_and(|detail| detail.contains("1 to 200")),
                "{told}"
            );
        }
        let twice = views.api.get(&format!("{path}?limit=5&limit=6")).await?;
        twice
            .expect_problem(400, "invalid_parameter")
            .context(path)?;
    }
    Ok(())
}
