//! What somebody ordered before they had an account.

use super::town::{MARL, Person, QUILL, Town};
use anyhow::{Result, ensure};
use contracts::ids::subject_of_customer;
use serde_json::json;
use tests::{TestEnv, wait_until};

/// Every order of the guest, also one that is fulfilled, however the email was
/// written; none of another customer with the same one, none of other channels, and
/// asked twice it is done once.
pub async fn orders_of_a_guest_become_those_of_a_customer(env: &TestEnv) -> Result<()> {
    let town = Town::open(env).await?;
    let shouting = Person {
        email: "QuillFeather@Example.NET",
        ..QUILL
    };
    let first = town.order(&QUILL, None).await?;
    let second = town.order(&shouting, None).await?;
    let anothers = town.order(&QUILL, Some("c-9")).await?;
    let neighbour = town.order(&MARL, None).await?;
    town.on(
        &second,
        "fulfillments",
        json!({"lines": [{"line": "l1", "quantity": 3}]}),
    )
    .await?;
    let body =
        json!({"platform": "web", "customer_id": "c-7", "email": " quillfeather@example.net"});
    let path = "/v1/customers/guest_orders";
    let asked = town
        .scene
        .api
        .post_once(path, "k", &body)
        .await?
        .expect(202)?;
    let again = town
        .scene
        .api
        .post_once(path, "k", &body)
        .await?
        .expect(202)?;
    ensure!(asked.json["id"] == again.json["id"], "{}", again.json);
    ensure!(
        !asked.json.to_string().contains("quillfeather"),
        "{}",
        asked.json
    );
    let location = asked.header("location");
    let ended = town.scene.until_ended(location, "succeeded").await?;
    ensure!(
        ended["kind"] == "guest_orders" && ended["progress"]["succeeded"] == 2,
        "{ended}"
    );
    let path = format!("/v1/customers/{}", subject_of_customer("web", "c-7"));
    wait_until("the customer to have both", async || {
        let customer = town.see(&path).await?;
        let both = customer.json["orders"] == 2 && customer.json["customer_id"] == "c-7";
        Ok(both.then_some(()))
    })
    .await?;
    for (path, expected) in [(&first, "c-7"), (&second, "c-7"), (&anothers, "c-9")] {
        let read = wait_until("the order to be the customer's", async || {
            let read = town.see(path).await?.expect(200)?.json;
            Ok((read["customer"]["id"] == expected).then_some(read))
        })
        .await?;
        ensure!(read["customer"]["name"] == QUILL.name, "{read}");
    }
    let read = town.see(&neighbour).await?.expect(200)?.json;
    ensure!(read["customer"]["id"].is_null(), "{read}");
    // The order is somebody's by now.
    let link = town
        .scene
        .api
        .post(
            &format!("{first}/customer_link"),
            &json!({"customer_id": "c-8"}),
        )
        .await?;
    link.expect_problem(409, "customer_known")?;
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    Ok(())
}
