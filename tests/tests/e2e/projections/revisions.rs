//! Strong entity tags over builds: a tag stands for the same bytes for ever.

use super::{orders::placed, world::World};
use anyhow::{Context as _, Result, ensure};
use contracts::topics;
use infra::{
    clock,
    redis::{Purge, Redis, purge},
    views::{ORDERS, parked},
};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use tests::{Answer, Api, TestEnv, answer};
use uuid::Uuid;

/// What was shown of one order, by its tag.
#[derive(Debug, Default)]
pub struct Shown {
    documents: BTreeMap<String, Value>,
    last: (i64, i64),
}

impl Shown {
    /// Takes an answer in: it goes back neither in version nor in revision, and
    /// its tag stands for nothing else.
    pub fn see(&mut self, order: &Answer) -> Result<()> {
        let tag = order.header("etag").to_owned();
        let (version, revision) = tag
            .trim_matches('"')
            .split_once('-')
            .with_context(|| format!("the tag is {tag}"))?;
        let this = (version.parse()?, revision.parse()?);
        ensure!(this >= self.last, "{this:?} after {:?}", self.last);
        ensure!(order.json["version"] == this.0, "{} is {tag}", order.json);
        let shown = self.documents.entry(tag).or_insert(order.json.clone());
        ensure!(
            *shown == order.json,
            "{shown} has the tag of {}",
            order.json
        );
        self.last = this;
        Ok(())
    }
}

/// Builds of releases that make other documents of the same events, orders that
/// are folded anew in between: whoever has one of them is told of the next.
pub async fn no_build_shows_the_revision_of_another(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    let redis = Redis::new(&env.config)?;
    let id = clock::new_id();
    world.happen(&[placed(id, 1)]).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.settled().await?;
    let mut read_api = env.role("read-api").spawn()?;
    read_api.ready().await?;
    let api = Api::new(env, &read_api).await?;
    let mut shown = Shown::default();
    for build in 1..4 {
        for change in 0..build {
            let tag = shows(&api, &redis, id, &mut shown).await?;
            make_other(&world, id, &format!("{build}-{change}")).await?;
            parked::request_refold(&world.views, ORDERS, &topics::ORDERS, &[id]).await?;
            world.driven().await?;
            let next = shows(&api, &redis, id, &mut shown).await?;
            ensure!(next != tag, "{next} again");
        }
        // The next build makes another document than this one has shown last.
        make_other(&world, id, &format!("{build}-last")).await?;
        shows(&api, &redis, id, &mut shown).await?;
        world.rebuild().await?;
        world
            .until("projector of the new build", async || {
                Ok(projector.status.ready())
            })
            .await?;
    }
    shows(&api, &redis, id, &mut shown).await?;
    world.check().await?;
    projector.stop().await
}

/// The document is not what this release makes of the order.
async fn make_other(world: &World, id: Uuid, number: &str) -> Result<()> {
    sqlx::query(
        "UPDATE orders SET document = \
             jsonb_set(document::jsonb, '{number}', to_jsonb($2::text))::text, \
             revision = revision + 1 WHERE id = $1",
    )
    .bind(id)
    .bind(number)
    .execute(&world.views)
    .await?;
    // As whoever drives an order again does it.
    sqlx::query("UPDATE projection_offsets SET redriven = redriven + 1")
        .execute(&world.views)
        .await?;
    Ok(())
}

/// The tag that is told now; nobody who has another document is told that it is
/// the same.
async fn shows(api: &Api, redis: &Redis, id: Uuid, shown: &mut Shown) -> Result<String> {
    purge(redis, &Purge::Everything).await?;
    let path = format!("/v1/orders/{id}");
    let order = api.get(&path).await?.expect(200)?;
    shown.see(&order)?;
    let tag = order.header("etag").to_owned();
    for other in shown.documents.keys() {
        let request = api.request(Method::GET, &path);
        let told = answer(request.header("If-None-Match", other)).await?;
        ensure!(
            (told.status == 304) == (*other == tag),
            "{other} is answered with {} while there is {tag}",
            told.status
        );
    }
    Ok(tag)
}
