//! The servers that have the views: the primary, and replicas of it.
//!
//! What is asked of many orders is read from a replica, in turn; what is asked
//! of one order from the primary, so that nobody sees an order go back in
//! version. As long as one of them answers, so does a read: a server that does
//! not is left alone until it does again, and whoever waits for it is told by
//! another one. `docs/OPERATIONS.md`, "Read replicas".

mod route;
mod watch;

pub use route::Route;

use crate::background::Background;
use infra::{
    config::Config,
    postgres::{self, Database, Pools},
};
use sqlx::PgPool;
use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// The primary's place among the servers.
pub const PRIMARY: usize = 0;

/// All of them. Cheap to clone.
#[derive(Clone)]
pub struct Servers(Arc<All>);

struct All {
    /// The primary first.
    servers: Vec<Server>,
    /// Whose turn it is.
    turn: AtomicUsize,
}

struct Server {
    /// As it is told: no user, no password.
    name: String,
    pool: PgPool,
    /// Where it is asked whether it is well again.
    probe: PgPool,
    answers: tokio::sync::watch::Sender<bool>,
    /// Whether it is no further behind than replicas may be.
    fresh: AtomicBool,
}

impl Servers {
    /// Makes the pools; opens no connection yet.
    pub fn new(config: &Config) -> Result<Self, sqlx::Error> {
        let primary = Server::new(config, &config.views_url, "primary".to_owned());
        let replicas = config.views_read_urls.iter().map(|url| {
            let options = postgres::connect_options(url)?;
            let database = options.get_database().unwrap_or_default();
            let name = format!("{}:{}/{database}", options.get_host(), options.get_port());
            Server::new(config, url, name)
        });
        Ok(Self(Arc::new(All {
            servers: [primary]
                .into_iter()
                .chain(replicas)
                .collect::<Result<_, _>>()?,
            turn: AtomicUsize::new(0),
        })))
    }

    /// Begins to look after them, where there is more than one.
    pub fn watch(&self, background: &Background<'_>) {
        if self.has_replicas() {
            background.spawn("views servers", watch::keep_asking(self.clone()));
        }
    }

    /// Where everything is written.
    pub fn primary(&self) -> &PgPool {
        &self.0.servers[PRIMARY].pool
    }

    /// Whether there is anything beside the primary.
    pub fn has_replicas(&self) -> bool {
        self.0.servers.len() > 1
    }

    /// Places, names and pools, the primary's first.
    pub fn each(&self) -> impl Iterator<Item = (usize, &str, &PgPool)> {
        let servers = self.0.servers.iter().enumerate();
        servers.map(|(place, server)| (place, server.name.as_str(), &server.pool))
    }

    /// Whether a server answers, as far as is known.
    pub fn answers(&self, place: usize) -> bool {
        *self.0.servers[place].answers.borrow()
    }

    /// Says whether a replica is no further behind than replicas may be.
    pub fn set_fresh(&self, place: usize, fresh: bool) {
        let server = &self.0.servers[place];
        if server.fresh.swap(fresh, Ordering::Relaxed) != fresh {
            let name = &server.name;
            tracing::warn!(server = %name, fresh, "views.replica_lag");
        }
    }

    /// A replica that may be asked, the next one in turn.
    pub fn replica_in_turn(&self) -> Option<usize> {
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        let usable = self.replicas(true);
        (!usable.is_empty()).then(|| usable[turn % usable.len()])
    }

    /// For what is asked of many orders: a replica, the next ones, the primary;
    /// old answers are better than none.
    pub fn for_many(&self) -> Route {
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        let mut usable = self.replicas(true);
        if !usable.is_empty() {
            let first = turn % usable.len();
            usable.rotate_left(first);
        }
        let (primary, away) = self.primary_first_or_last();
        self.route(&[usable, primary, self.replicas(false), away])
    }

    /// For what is asked of one order: the primary, or else a replica.
    pub fn for_one(&self) -> Route {
        let (primary, away) = self.primary_first_or_last();
        self.route(&[primary, self.replicas(true), self.replicas(false), away])
    }

    /// Has the connections to all of them measured.
    pub fn measure(&self, pools: &Pools) {
        for server in &self.0.servers {
            pools.add(Database::Views, &server.pool);
        }
    }

    /// For what is to be kept: the primary alone. None where it does not answer
    /// and another one may.
    pub fn primary_only(&self) -> Option<Route> {
        let usable = self.answers(PRIMARY) || !self.has_replicas();
        usable.then(|| self.beginning_with(PRIMARY))
    }

    /// For what this server has, as was seen: it, or else the primary, which
    /// has whatever a replica has.
    pub fn beginning_with(&self, place: usize) -> Route {
        let primary = (place != PRIMARY).then_some(PRIMARY);
        self.route(&[vec![place], primary.into_iter().collect()])
    }

    fn route<const N: usize>(&self, parts: &[Vec<usize>; N]) -> Route {
        Route::new(self.clone(), parts.concat())
    }

    /// The primary where it answers, and where it does not: then it is asked
    /// last.
    fn primary_first_or_last(&self) -> (Vec<usize>, Vec<usize>) {
        if self.answers(PRIMARY) {
            (vec![PRIMARY], Vec::new())
        } else {
            (Vec::new(), vec![PRIMARY])
        }
    }

    /// Replicas that answer, and are or are not too far behind.
    fn replicas(&self, fresh: bool) -> Vec<usize> {
        let servers = self.0.servers.iter().enumerate().skip(1);
        let chosen = servers.filter(|(_, server)| {
            *server.answers.borrow() && server.fresh.load(Ordering::Relaxed) == fresh
        });
        chosen.map(|(place, _)| place).collect()
    }
}

impl Server {
    fn new(config: &Config, url: &str, name: String) -> Result<Self, sqlx::Error> {
        Ok(Self {
            name,
            pool: postgres::read_pool(config, url)?,
            probe: postgres::pool(url, 1)?,
            answers: tokio::sync::watch::Sender::new(true),
            fresh: AtomicBool::new(true),
        })
    }

    /// Says whether it answers; only news is told.
    fn set_answers(&self, answers: bool, why: Option<&dyn std::fmt::Display>) {
        let news = self
            .answers
            .send_if_modified(|known| mem::replace(known, answers) != answers);
        if !news {
            return;
        }
        let server = &self.name;
        if let Some(error) = why {
            tracing::warn!(%server, %error, "views.server_left_alone");
        } else {
            tracing::info!(%server, "views.server_answers");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Servers {
        let config = Config {
            views_read_urls: ["postgres://me:pw@one/views", "postgres://two:7/views"]
                .into_iter()
                .collect(),
            ..Config::default()
        };
        Servers::new(&config).expect("URLs")
    }

    fn set(servers: &Servers, answers: [bool; 3], fresh: [bool; 3]) {
        for (place, server) in servers.0.servers.iter().enumerate() {
            server.answers.send_replace(answers[place]);
            server.fresh.store(fresh[place], Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn many_are_read_from_replicas_in_turn_and_one_from_the_primary() {
        let servers = three();
        let names: Vec<_> = servers.each().map(|(_, name, _)| name.to_owned()).collect();
        assert_eq!(names, ["primary", "one:5432/views", "two:7/views"]);
        let many = || servers.for_many().order().to_vec();
        assert_eq!((many(), many()), (vec![1, 2, 0], vec![2, 1, 0]));
        assert_eq!(servers.for_one().order(), [0, 1, 2]);
        assert_eq!(servers.beginning_with(2).order(), [2, 0]);
    }

    #[tokio::test]
    async fn what_does_not_answer_or_is_far_behind_is_left_alone() {
        let servers = three();
        let all = [true; 3];
        set(&servers, [true, false, true], all);
        assert_eq!(servers.for_many().order(), [2, 0]);
        set(&servers, all, [true, false, false]);
        assert_eq!(servers.for_many().order(), [0, 1, 2]);
        assert_eq!(servers.replica_in_turn(), None);
        set(&servers, [false, true, true], [true, false, true]);
        assert_eq!(servers.for_many().order(), [2, 1, 0]);
        assert_eq!(servers.for_one().order(), [2, 1, 0]);
        assert!(servers.primary_only().is_none());
    }

    #[tokio::test]
    async fn a_lone_primary_is_always_asked() {
        let servers = Servers::new(&Config::default()).expect("URLs");
        set(&servers, [false; 3], [true; 3]);
        assert_eq!(servers.for_many().order(), [0]);
        assert_eq!(servers.for_one().order(), [0]);
        assert!(servers.primary_only().is_some());
    }
}
