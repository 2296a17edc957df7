//! Where a replay begins and ends.

use super::scene::{Scene, text};
use anyhow::{Result, ensure};
use tests::TestEnv;

pub async fn ranges_by_position_meet_without_gap_or_overlap(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    scene.fill("web", 5, 4).await?;
    let all = scene.replay(&[]).await?;
    let order = text(&all.events[0]["subject"]);
    // Also within a transaction.
    for cut in [0, 3, 9, 19] {
        let at = all.position(cut);
        let before = scene.replay(&["--to-position", at]).await?;
        let after = scene.replay(&["--from-position", at]).await?;
        ensure!([before.ids(), after.ids()].concat() == all.ids());
        ensure!(before.trailer["ended"] == "bound" && before.trailer["position"] == at);
        ensure!(after.trailer["position"] == all.position(19), "{after:?}");
        let of_order = ["--to-position", at, "--order", order];
        let of_order = scene.replay(&of_order).await?;
        ensure!(of_order.events.len() == 4.min(cut + 1), "{of_order:?}");
        ensure!(of_order.trailer["cut_short"] == false);
    }
    // The trailer's position is where to go on, whatever was filtered out.
    let none = scene.replay(&["--type", "order.archived"]).await?;
    ensure!(none.events.is_empty() && none.trailer["position"] == all.position(19));
    Ok(())
}

pub async fn a_time_is_a_place_in_the_log(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    // An order an hour: four days.
    scene.fill("web", 96, 2).await?;
    let all = scene.replay(&[]).await?;
    for (time, first) in [
        ("2025-06-01", 0),
        ("2026-01-01T00:00:00Z", 0),
        ("2026-01-01T00:00:01Z", 2),
        ("2026-01-02", 48),
        ("2026-01-02T01:00:00+01:00", 48),
        ("2026-01-03T11:30:00Z", 120),
        ("2026-01-04T23:00:00Z", 190),
        ("2026-01-05", 192),
    ] {
        let before = scene.replay(&["--to-time", time]).await?;
        let since = scene.replay(&["--from-time", time]).await?;
        ensure!(since.ids() == all.ids()[first..], "{time}: {since:?}");
        ensure!(before.ids() == all.ids()[..first], "{time}: {before:?}");
        ensure!(before.trailer["ended"] == "bound", "{:?}", before.trailer);
    }
    let day = ["--from-time", "2026-01-02", "--to-time", "2026-01-03"];
    ensure!(scene.replay(&day).await?.ids() == all.ids()[48..96]);
    // What has not happened yet may still come.
    let early = env.orderlog(&["replay", "--to-time", "2999-01-01"]).await?;
    let replayed = super::scene::read(&String::from_utf8(early.stdout)?)?;
    ensure!(early.status.code() == Some(1) && replayed.trailer["cut_short"] == true);
    ensure!(replayed.ids() == all.ids());
    Ok(())
}
