//! A deployment in which everything speaks TLS, and everybody may do what they need.

mod acls;
mod certificates;
mod integrator;
mod servers;

use anyhow::{Context as _, Result, ensure};
use certificates::Authority;
use infra::{config::Config, kafka::client_config};
use libtest_mimic::Trial;
use rdkafka::{
    producer::{FutureProducer, FutureRecord},
    types::RDKafkaErrorCode,
};
use reqwest::{Certificate, Client};
use serde_json::{Value, json};
use servers::{Servers, USERS};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};
use std::{path::Path, time::Duration};
use tests::{Role, RoleBuilder, TestEnv, on_servers, wait_until};

/// All tests of secured deployments.
pub fn trials() -> Vec<Trial> {
    vec![on_servers(
        "secured::everything_works_over_tls_by_users_who_may_only_do_what_they_need",
        async |env: &TestEnv| everything_works(env).await,
    )]
}

/// What the deployment is, once it runs.
struct Deployment {
    servers: Servers,
    http: Client,
    key: String,
    /// By the names of roles.
    roles: Vec<(&'static str, Role)>,
}

async fn everything_works(env: &TestEnv) -> Result<()> {
    let servers = Servers::start(env).await?;
    migrate(&servers).await?;
    let deployment = Deployment::start(env, servers).await?;
    an_order_goes_all_the_way(&deployment).await?;
    integrator::one_platform_is_all_that_is_read(&deployment.servers).await?;
    every_connection_is_encrypted(&deployment.servers.plain).await?;
    nobody_changes_an_event(&deployment.servers.plain).await?;
    nobody_does_more_in_ops(&deployment.servers.plain).await?;
    views_are_built_anew(&deployment).await?;
    strangers_are_not_let_in(env, &deployment).await?;
    a_new_certificate_is_shown(&deployment).await?;
    let Deployment { servers, roles, .. } = deployment;
    for (_, role) in roles {
        role.terminate().await?;
    }
    servers.stop().await;
    Ok(())
}

/// As an owner of the databases who is no superuser, and `migrate` of Kafka.
async fn migrate(servers: &Servers) -> Result<()> {
    let config = servers.told("migrate");
    servers.make_owner().await?;
    for round in ["made", "kept"] {
        let mut migrate = tests::command(&config)?;
        let output = migrate
            .args(["migrate", "--database-roles"])
            .output()
            .await?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{round}: {said}");
    }
    servers.make_users().await
}

impl Deployment {
    async fn start(env: &TestEnv, servers: Servers) -> Result<Self> {
        let config = servers.told("command-api");
        let mut create = tests::command(&config)?;
        let made = create
            .args(["api-key", "create", "--json"])
            .output()
            .await?;
        let made: Value = serde_json::from_slice(&made.stdout).context("an API key")?;
        let key = made["secret"].as_str().context("a secret")?.to_owned();
        let authority = std::fs::read(servers.authority.file())?;
        let http = Client::builder()
            .tls_certs_only([Certificate::from_pem(&authority)?])
            .build()?;
        let mut deployment = Self {
            servers,
            http,
            key,
            roles: Vec::new(),
        };
        let mut commands = String::new();
        for name in &USERS[1..] {
            let role = deployment.role(env, name, &commands)?.spawn()?;
            if *name == "command-api" {
                commands = https(&role);
            }
            deployment.roles.push((name, role));
        }
        for name in ["command-api", "read-api"] {
            deployment.ready(name).await?;
        }
        for (_, role) in &mut deployment.roles[2..] {
            role.ready().await?;
        }
        Ok(deployment)
    }

    /// One role; the APIs have certificates of their own.
    fn role<'a>(&self, env: &'a TestEnv, name: &str, commands: &str) -> Result<RoleBuilder<'a>> {
        let mut told = self.servers.told(name);
        if name.ends_with("-api") {
            let identity = self.servers.authority.certify(name)?;
            told.tls_certificate_file = identity.certificate.display().to_string();
            told.tls_key_file = identity.key.display().to_string();
        }
        commands.clone_into(&mut told.command_url);
        told.platforms = serde_json::from_value(json!({"web": {"auto_confirm": true}}))?;
        told.api_key = infra::secret::Secret::new(&*self.key);
        // As containers are given secrets.
        let file = env.logs().join(format!("{name}-password"));
        std::fs::write(&file, format!("{}\n", told.kafka_sasl_password.reveal()))?;
        told.kafka_sasl_password = infra::secret::Secret::default();
        let role = env.role(name).config(|config| *config = told);
        Ok(role.variable("ORDERLOG_KAFKA_SASL_PASSWORD_FILE", file))
    }

    fn url(&self, name: &str) -> Result<String> {
        let found = self.roles.iter().find(|(role, _)| *role == name);
        Ok(https(&found.context("no such role")?.1))
    }

    async fn ready(&self, name: &str) -> Result<()> {
        let url = format!("{}/readyz", self.url(name)?);
        wait_until(&format!("{name} to be ready"), async || {
            let answer = self.http.get(&url).send().await;
            Ok(answer.is_ok_and(|a| a.status().is_success()).then_some(()))
        })
        .await
    }

    /// POST without a body, which has to be accepted.
    async fn ask(&self, path: &str) -> Result<()> {
        let url = format!("{}{path}", self.url("read-api")?);
        let answer = self.http.post(url).bearer_auth(&self.key).send().await?;
        ensure!(answer.status() == 202, "{path}: {:?}", answer.text().await);
        Ok(())
    }

    async fn get(&self, path: &str) -> Result<Value> {
        let url = format!("{}{path}", self.url("read-api")?);
        let answer = self.http.get(url).bearer_auth(&self.key).send().await?;
        Ok(answer.json().await?)
    }
}

fn https(role: &Role) -> String {
    role.url().replace("http://", "https://")
}

/// From the command over the log, Kafka and the read models to the worker, and back
/// by another command.
async fn an_order_goes_all_the_way(deployment: &Deployment) -> Result<()> {
    let order = json!({
        "platform": "web", "external_id": "T-1", "currency": "EUR",
        "customer": {"name": "Ada Lovelace", "email": "ada@example.com"},
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 1_000}],
    });
    let url = format!("{}/v1/orders", deployment.url("command-api")?);
    let placed = deployment.http.post(url).bearer_auth(&deployment.key);
    let placed = placed.json(&order).send().await?;
    ensure!(placed.status() == 201, "{:?}", placed.text().await);
    wait_until("the worker to confirm the order", async || {
        let read = deployment.get("/v1/orders/by_external_id/web/T-1").await?;
        Ok((read["version"] == 2).then_some(()))
    })
    .await?;
    let of_kafka = deployment.servers.told("projector");
    let mut verify = tests::command(&Config {
        // It makes tables of its own to compare with.
        views_url: deployment.servers.plain.views_url.clone(),
        ..of_kafka
    })?;
    let output = verify.arg("verify").output().await?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

async fn every_connection_is_encrypted(plain: &Config) -> Result<()> {
    for url in [&plain.events_url, &plain.views_url] {
        let mut owner = PgConnection::connect(url).await?;
        let sessions = sqlx::query(
            "SELECT a.usename::text AS name, s.ssl FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) \
              WHERE a.usename LIKE 'the\\_%'",
        )
        .fetch_all(&mut owner)
        .await?;
        ensure!(sessions.len() > 3, "{} sessions", sessions.len());
        for session in sessions {
            let name: String = session.try_get("name")?;
            ensure!(session.try_get::<bool, _>("ssl")?, "{name} is in the clear");
        }
        owner.close().await?;
    }
    Ok(())
}

/// Not even those who append them.
async fn nobody_changes_an_event(plain: &Config) -> Result<()> {
    for role in &USERS[1..] {
        let user = format!("the_{}", role.replace('-', "_"));
        let url = plain.events_url.replace("orderlog@", &format!("{user}@"));
        let mut session = PgConnection::connect(&url).await?;
        let mut tried = vec![
            "UPDATE events SET payload = '{}'",
            "DELETE FROM events",
            "TRUNCATE events",
            "DROP TABLE events",
            "ALTER TABLE events DISABLE TRIGGER ALL",
            "CREATE TABLE mine (x int)",
            "UPDATE log_epochs SET epoch = 7",
        ];
        if *role != "command-api" {
            tried.push(
                "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
                 event_version, payload, metadata) VALUES ('order', 'x', 1, 'x', '1', '{}', '{}')",
            );
        }
        for sql in tried {
            is_refused(&mut session, sql).await.context(user.clone())?;
        }
        session.close().await?;
    }
    // Queries are only read.
    let url = plain.views_url.replace("orderlog@", "the_read_api@");
    let mut session = PgConnection::connect(&url).await?;
    for sql in ["DELETE FROM orders", "CREATE TABLE mine (x int)"] {
        is_refused(&mut session, sql).await?;
    }
    session.close().await?;
    Ok(())
}

/// Of keys, jobs and endpoints everybody has what they need: no right is given by way
/// of queries, and what seals personal data is changed by nobody.
async fn nobody_does_more_in_ops(plain: &Config) -> Result<()> {
    const CHANGE_SEALS: &str = "UPDATE subject_keys SET subject = subject";
    const ERASE: &str = "DELETE FROM subject_keys";
    const MAKE: &str = "CREATE TABLE mine (x int)";
    let tried: [(&str, &[&'static str]); 4] = [
        (
            "the_command_api",
            &[CHANGE_SEALS, MAKE, "DELETE FROM api_keys"],
        ),
        (
            "the_read_api",
            &[
                CHANGE_SEALS,
                ERASE,
                MAKE,
                "INSERT INTO api_keys (id, name, prefix, hash) VALUES ('x', 'x', 'x', '')",
                "UPDATE api_keys SET scopes = NULL",
            ],
        ),
        (
            "the_projector",
            &[CHANGE_SEALS, ERASE, MAKE, "SELECT * FROM api_keys"],
        ),
        (
            "the_worker",
            &[CHANGE_SEALS, MAKE, "DELETE FROM _sqlx_migrations"],
        ),
    ];
    for (user, statements) in tried {
        let url = plain.ops_url.replace("orderlog@", &format!("{user}@"));
        let mut session = PgConnection::connect(&url).await?;
        for &sql in statements {
            is_refused(&mut session, sql).await.context(user)?;
        }
        session.close().await?;
    }
    Ok(())
}

/// For want of a right, and for nothing else.
async fn is_refused(session: &mut PgConnection, sql: &'static str) -> Result<()> {
    let refused = session.execute(sql).await;
    let code = refused.err().and_then(|error| {
        let database = error.into_database_error()?;
        Some(database.code()?.into_owned())
    });
    ensure!(code.as_deref() == Some("42501"), "{sql}: {code:?}");
    Ok(())
}

/// Tables are made and change places, and are readable in their new place, when an
/// administrator asks for it by way of queries.
async fn views_are_built_anew(deployment: &Deployment) -> Result<()> {
    deployment.ask("/v1/admin/parked/redrive").await?;
    let builds = "/v1/admin/projections/orders/rebuild";
    let before = deployment.get(builds).await?["data"][0]["build"].clone();
    deployment.ask(builds).await?;
    wait_until("the tables to be built anew", async || {
        let last = deployment.get(builds).await?["data"][0].take();
        ensure!(last["error"].is_null(), "{last}");
        let is_new = last["build"] != before && last["state"] == "done";
        Ok(is_new.then_some(()))
    })
    .await?;
    let read = deployment.get("/v1/orders/by_external_id/web/T-1").await?;
    ensure!(read["version"] == 2, "{read}");
    Ok(())
}

/// A wrong password, a user without rights, a server that somebody else certifies, a
/// client in the clear.
async fn strangers_are_not_let_in(env: &TestEnv, deployment: &Deployment) -> Result<()> {
    let servers = &deployment.servers;
    let doctor = async |config: &Config| {
        let output = tests::command(config)?.arg("doctor").output().await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(!said.contains("secret of"), "{said}");
        anyhow::Ok(said)
    };
    let known = doctor(&servers.told("relay")).await?;
    ensure!(known.contains("1 broker"), "{known}");
    let mut wrong = servers.told("relay");
    wrong.kafka_sasl_password = infra::secret::Secret::new("guessed");
    let said = doctor(&wrong).await?;
    ensure!(said.contains("does not let this user in"), "{said}");

    let other = Authority::new(&env.logs().join("other"))?;
    let mut deceived = servers.told("relay");
    deceived.tls_ca_file = other.file();
    deceived.events_url = with_authority(&deceived.events_url, &other);
    let said = doctor(&deceived).await?;
    let refused = said.matches("invalid peer certificate").count();
    ensure!(
        refused == 2 && said.contains("Redis did not answer"),
        "{said}"
    );

    let plain = Client::builder().tls_certs_only([]).build()?;
    let url = format!("{}/livez", deployment.url("read-api")?);
    ensure!(plain.get(&url).send().await.is_err(), "anybody is trusted");
    let clear = url.replace("https:", "http:");
    let answer = plain.get(clear).send().await;
    ensure!(answer.is_err(), "answered in the clear");

    // Who only reads publishes nothing.
    let reader = servers.told("read-api");
    let producer: FutureProducer = client_config(&reader).create()?;
    let topic = reader.kafka_name("orders.events.v1");
    let record = FutureRecord::to(&topic).key("x").payload("x");
    let sent = producer.send(record, Duration::from_secs(20)).await;
    let code = sent.err().and_then(|(error, _)| error.rdkafka_error_code());
    ensure!(
        code == Some(RDKafkaErrorCode::TopicAuthorizationFailed),
        "{code:?}"
    );
    Ok(())
}

fn with_authority(url: &str, authority: &Authority) -> String {
    let (place, _) = url.split_once("sslrootcert=").unwrap_or((url, ""));
    format!("{place}sslrootcert={}", authority.file())
}

/// Without a restart, and whoever is connected stays so.
async fn a_new_certificate_is_shown(deployment: &Deployment) -> Result<()> {
    let url = format!("{}/livez", deployment.url("read-api")?);
    let shown = async || {
        let authority = std::fs::read(deployment.servers.authority.file())?;
        let client = Client::builder()
            .tls_certs_only([Certificate::from_pem(&authority)?])
            .tls_info(true)
            .build()?;
        let answer = client.get(&url).send().await?;
        let info = answer.extensions().get::<reqwest::tls::TlsInfo>();
        let certificate = info.and_then(reqwest::tls::TlsInfo::peer_certificate);
        anyhow::Ok(certificate.context("no certificate")?.to_vec())
    };
    let before = shown().await?;
    let identity = deployment.servers.authority.certify("read-api")?;
    ensure!(Path::new(&identity.key).exists());
    wait_until("the new certificate to be shown", async || {
        Ok((shown().await? != before).then_some(()))
    })
    .await
}
