//! Zones and methods, whose events are on one topic.

use super::scene::{after, members, method, save, zone};
use crate::whole_path::System;
use anyhow::ensure;
use sqlx::Row as _;
use tests::TestEnv;

/// Each projection takes its own events, and parks none; the place of the other
/// one's is passed as well, so that whoever waits for it gets an answer; and a
/// projector that is started anew does not begin with them again.
pub async fn projections_of_one_topic_leave_each_others_events_alone(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    for number in 0..5 {
        let zone_path = format!("/v1/shipping/zones/z{number}");
        let saved = save(&system.commands, &zone_path, &zone("GB")).await?;
        // Zones and methods both have what is waited for.
        after(&system, "/v1/shipping/methods", &saved)
            .await?
            .expect(200)?;
        let method_path = format!("/v1/shipping/methods/m{number}");
        let saved = save(&system.commands, &method_path, &method(&["z0"])).await?;
        let zones = after(&system, "/v1/shipping/zones", &saved).await?;
        ensure!(members(&zones.expect(200)?, "id").len() == number + 1);
        let methods = after(&system, "/v1/shipping/methods", &saved).await?;
        ensure!(members(&methods.expect(200)?, "id").len() == number + 1);
    }
    for projection in ["shipping_zones", "shipping_methods", "orders"] {
        let path = format!("/v1/admin/parked?projection={projection}");
        let parked = system.queries.get(&path).await?.expect(200)?;
        ensure!(
            parked.json["data"] == serde_json::json!([]),
            "{}",
            parked.json
        );
    }
    let unknown = system
        .queries
        .get("/v1/admin/parked?projection=zones")
        .await?;
    unknown.expect_problem(400, "invalid_parameter")?;
    // The last record is a method's, and both stand behind it.
    let views = infra::postgres::pool(&env.config.views_url, 1)?;
    let offsets = sqlx::query(
        "SELECT next, xid, position FROM projection_offsets \
          WHERE projection IN ('shipping_zones', 'shipping_methods')",
    )
    .fetch_all(&views)
    .await?;
    let [one, other] = &offsets[..] else {
        anyhow::bail!("{} offsets", offsets.len());
    };
    for column in ["next", "xid", "position"] {
        let (one, other): (i64, i64) = (one.try_get(column)?, other.try_get(column)?);
        ensure!(one == other, "{column} {one} and {other}");
    }
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    Ok(())
}
