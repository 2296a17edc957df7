//! Servers that speak TLS, know their users, and let each do no more than it needs.

use super::{acls, certificates::Authority};
use anyhow::{Context as _, Result, ensure};
use infra::{
    config::{Config, KafkaSecurityProtocol},
    local_servers::{KafkaExtras, LocalServers, Options, Server, free_port},
    secret::Secret,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::{net::SocketAddr, path::Path, sync::Arc};
use tempfile::TempDir;
use tests::TestEnv;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Topics and groups of the test begin so.
const PREFIX: &str = "shop.";
/// Who there is, by the names of roles.
pub const USERS: [&str; 6] = [
    "migrate",
    "command-api",
    "read-api",
    "relay",
    "projector",
    "worker",
];

/// Whom Kafka knows besides: somebody who may read the orders of `web`.
pub const INTEGRATOR: &str = "integrator";

/// The servers of one test.
pub struct Servers {
    pub authority: Authority,
    /// As an owner, who need not be let in by Kafka.
    pub plain: Config,
    /// Where TLS is spoken: Redis, Kafka.
    redis: SocketAddr,
    kafka: String,
    local: Arc<LocalServers>,
    _folder: TempDir,
}

impl Servers {
    pub async fn start(env: &TestEnv) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let authority = Authority::new(&folder.path().join("certificates"))?;
        let kafka = format!("127.0.0.1:{}", free_port()?);
        let pem = authority.certify("kafka")?.in_one()?;
        let options = Options {
            dir: folder.path().join("servers"),
            cache: tests::root().join(".orderlog/servers"),
            servers: Server::ALL.to_vec(),
            throwaway: true,
            kafka: KafkaExtras {
                settings: kafka_settings(&kafka, &pem),
                users: USERS.into_iter().chain([INTEGRATOR]).map(scram).collect(),
            },
        };
        let local = tests::start_servers(options, &|_| {}).await?;
        let mut plain = env.config.clone();
        local.configure(&mut plain);
        PREFIX.clone_into(&mut plain.kafka_prefix);
        plain.kafka_platform_topics = serde_json::from_value(serde_json::json!(["web"]))?;
        let made = acls::apply(&plain.kafka_bootstrap_servers, PREFIX).await?;
        ensure!(made > 10, "{made} rules");
        for (name, url) in [("events", &plain.events_url), ("views", &plain.views_url)] {
            let postgres = url.rsplit_once('/').context("a URL")?.0;
            secure_postgres(&authority, name, &format!("{postgres}/postgres")).await?;
        }
        let redis = secure_redis(&authority, &plain.redis_url).await?;
        Ok(Self {
            authority,
            plain,
            redis,
            kafka,
            local,
            _folder: folder,
        })
    }

    /// What one role is told.
    pub fn told(&self, role: &str) -> Config {
        let user = role.replace('-', "_");
        let database = |url: &str| {
            let (_, place) = url.split_once('@').unwrap_or_default();
            let file = self.authority.file();
            format!("postgres://the_{user}@{place}?sslmode=verify-full&sslrootcert={file}")
        };
        Config {
            events_url: database(&self.plain.events_url),
            views_url: database(&self.plain.views_url),
            ops_url: database(&self.plain.ops_url),
            redis_url: format!("rediss://{}", self.redis),
            kafka_bootstrap_servers: self.kafka.clone(),
            kafka_security_protocol: KafkaSecurityProtocol::SaslSsl,
            kafka_sasl_username: role.to_owned(),
            kafka_sasl_password: Secret::new(password(role)),
            tls_ca_file: self.authority.file(),
            ..self.plain.clone()
        }
    }

    /// Makes the user of PostgreSQL who makes and migrates the databases.
    pub async fn make_owner(&self) -> Result<()> {
        for url in [&self.plain.events_url, &self.plain.views_url] {
            let server = url.rsplit_once('/').context("a URL")?.0;
            let mut superuser = PgConnection::connect(&format!("{server}/postgres")).await?;
            let sql = "CREATE ROLE the_migrate LOGIN CREATEDB CREATEROLE";
            superuser.execute(sql).await?;
            superuser.close().await?;
        }
        Ok(())
    }

    /// Makes a user of PostgreSQL for each role, with the rights of its group and no
    /// others.
    pub async fn make_users(&self) -> Result<()> {
        for url in [&self.plain.events_url, &self.plain.views_url] {
            let mut owner = PgConnection::connect(url).await?;
            for role in &USERS[1..] {
                let user = role.replace('-', "_");
                let sql = format!("CREATE ROLE the_{user} LOGIN IN ROLE orderlog_{user}");
                owner.execute(&*sql).await?;
            }
            for user in ["the_projector", "the_worker"] {
                let sql =
                    format!("ALTER ROLE {user} IN DATABASE views SET role = 'orderlog_views'");
                if url == &self.plain.views_url {
                    owner.execute(&*sql).await?;
                }
            }
            owner.close().await?;
        }
        Ok(())
    }

    pub async fn stop(self) {
        self.local.stop().await;
    }
}

fn password(user: &str) -> String {
    format!("secret of {user}")
}

fn scram(user: &str) -> String {
    format!("SCRAM-SHA-512=[name={user},password={}]", password(user))
}

/// A listener with users beside the one that the test itself uses, and nobody may do
/// what no rule allows.
fn kafka_settings(address: &str, pem: &Path) -> String {
    format!(
        "listeners=CLIENTS://127.0.0.1:{{main}},CONTROLLER://127.0.0.1:{{controller}},SECURED://{address}
advertised.listeners=CLIENTS://127.0.0.1:{{main}},SECURED://{address}
listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL
listener.name.secured.ssl.keystore.type=PEM
listener.name.secured.ssl.keystore.location={}
listener.name.secured.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secured.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
",
        pem.display()
    )
}

/// Turns TLS on, which needs no restart.
async fn secure_postgres(authority: &Authority, name: &str, url: &str) -> Result<()> {
    let mut owner = PgConnection::connect(url).await?;
    let data: String = sqlx::query_scalar("SHOW data_directory")
        .fetch_one(&mut owner)
        .await?;
    // The folder of certificates is the test's; theirs is PostgreSQL's.
    let identity = authority.certify(name)?;
    let data = Path::new(&data);
    for (file, place) in [
        (&identity.certificate, "server.crt"),
        (&identity.key, "server.key"),
    ] {
        std::fs::copy(file, data.join(place))?;
    }
    let own = super::certificates::Identity {
        certificate: data.join("server.crt"),
        key: data.join("server.key"),
    };
    own.give_to_owner_of(data)?;
    owner.execute("ALTER SYSTEM SET ssl = on").await?;
    owner.execute("SELECT pg_reload_conf()").await?;
    owner.close().await?;
    Ok(())
}

/// A listener with TLS in front of Redis: the one that tests use has none built in.
async fn secure_redis(authority: &Authority, url: &str) -> Result<SocketAddr> {
    let server: SocketAddr = url.trim_start_matches("redis://").parse()?;
    let identity = authority.certify("redis")?;
    let chain = CertificateDer::pem_file_iter(&identity.certificate)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(&identity.key)?;
    let settings = rustls::ServerConfig::builder().with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(settings.with_single_cert(chain, key)?));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut client = acceptor.accept(connection).await?;
                let mut server = TcpStream::connect(server).await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    Ok(address)
}
