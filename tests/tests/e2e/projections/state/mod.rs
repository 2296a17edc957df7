//! Documents on `orders.state.v1`: what a reader of the topic sees of each order
//! never goes back, and comes to what is served.

mod crashing;
mod lost;
mod overtaking;
mod served;
mod switching;
pub mod topic;

use super::{
    orders::{NewEvent, noted, placed},
    world::World,
};
use anyhow::Result;
use contracts::topics;
use infra::{clock, kafka};
use libtest_mimic::Trial;
use std::sync::atomic::{AtomicBool, Ordering};
use tests::{PrivateServers, TestEnv, on_private_servers, on_servers, wait_until};
use uuid::Uuid;

pub fn trials() -> Vec<Trial> {
    macro_rules! shared {
        ($($module:ident::$test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("projections::state::", stringify!($module), "::", stringify!($test)),
                async |env: &TestEnv| $module::$test(env).await,
            )),+]
        };
    }
    let mut trials = shared![
        served::the_last_record_is_what_get_answers,
        served::many_changes_are_few_records,
        served::a_parked_order_has_no_wrong_record,
        served::a_document_that_is_too_large_keeps_no_other_waiting,
        crashing::killed_while_documents_are_published,
        crashing::a_frozen_publisher_is_overtaken,
        crashing::projectors_take_turns,
        overtaking::what_a_frozen_publisher_holds_is_not_published,
        overtaking::a_transaction_that_is_left_open_is_taken_back,
        overtaking::what_changes_while_it_is_published_is_published_again,
        overtaking::publishers_that_lose_their_lock_never_go_back,
        switching::another_build_is_published_as_a_whole,
        switching::a_rebuild_while_orders_change,
        lost::a_recreated_topic_is_filled_again,
        lost::an_order_that_is_gone_is_taken_away,
    ];
    trials.push(on_private_servers(
        "projections::state::crashing::servers_crash_while_documents_are_published",
        async |env: &TestEnv, servers: &PrivateServers| {
            crashing::servers_crash_while_documents_are_published(env, servers).await
        },
    ));
    trials
}

/// Waits until more is published than now.
async fn publishes(world: &World) -> Result<()> {
    let end = async || {
        let ranges = kafka::watermarks(&world.config, topics::ORDER_STATE).await?;
        anyhow::Ok(ranges.iter().map(|range| range.end).sum::<i64>())
    };
    let now = end().await?;
    wait_until("more documents", async || {
        Ok((end().await? > now).then_some(()))
    })
    .await
}

/// Orders that change again and again.
struct Busy {
    ids: Vec<Uuid>,
    version: i64,
}

impl Busy {
    /// So many new ones.
    async fn begin(world: &World, count: usize) -> Result<Self> {
        let ids: Vec<Uuid> = (0..count).map(|_| clock::new_id()).collect();
        let begun: Vec<NewEvent> = ids.iter().map(|id| placed(*id, 1)).collect();
        world.happen(&begun).await?;
        Ok(Self { ids, version: 1 })
    }

    /// Each of them changes once.
    async fn change(&mut self, world: &World) -> Result<()> {
        self.version += 1;
        let notes: Vec<NewEvent> = self.ids.iter().map(|id| noted(*id, self.version)).collect();
        world.happen(&notes).await
    }

    /// They change until `done`.
    async fn keep_changing(mut self, world: &World, done: &AtomicBool) -> Result<()> {
        while !done.load(Ordering::Relaxed) {
            self.change(world).await?;
        }
        Ok(())
    }
}
