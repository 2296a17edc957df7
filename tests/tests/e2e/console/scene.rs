//! A whole system with its console, and somebody who looks at it.

use super::html;
use crate::people::town::Town;
use anyhow::{Context as _, Result, ensure};
use infra::{
    api_keys::{self, Rights, Scopes},
    config::Config,
    platforms::Platforms,
};
use reqwest::{
    Client, Method, RequestBuilder, StatusCode, Url,
    header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, SET_COOKIE},
    redirect::Policy,
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};
use tests::{Role, TestEnv};

/// The cookie of a session.
pub const SESSION: &str = "orderlog_console";

/// Every role.
pub struct Scene<'a> {
    /// The APIs and what is behind them.
    pub town: Town<'a>,
    env: &'a TestEnv,
    console: Role,
}

impl<'a> Scene<'a> {
    /// All of them, ready.
    pub async fn open(env: &'a TestEnv) -> Result<Self> {
        Self::open_with(env, |_| {}).await
    }

    /// The same, where the roles behind it are configured otherwise.
    pub async fn open_with(
        env: &'a TestEnv,
        more: impl Fn(&mut Config) + Clone + Send + Sync + 'static,
    ) -> Result<Self> {
        let seller = json!({"name": "Lumen", "address": ["Bristol"]});
        let platforms = json!({"default": {}, "web": {"seller": seller}});
        let platforms: Platforms = serde_json::from_value(platforms)?;
        let of_ours = move |config: &mut Config| {
            config.platforms = platforms.clone();
            more(config);
        };
        let town = Town::open_with(env, of_ours).await?;
        let (commands, queries) = (town.scene.api.url(), town.views());
        let console = env.role("console").config(|config| {
            commands.clone_into(&mut config.command_url);
            queries.url().clone_into(&mut config.read_url);
        });
        let mut console = console.spawn()?;
        console.ready().await?;
        Ok(Self { town, env, console })
    }

    /// What the console and both APIs have written down so far.
    pub fn logs(&self) -> String {
        let behind = &self.town.scene;
        [
            self.console.log(),
            behind.commands.log(),
            behind.queries.log(),
        ]
        .concat()
    }

    /// Somebody who is not signed in.
    pub fn stranger(&self) -> Result<Viewer> {
        Viewer::of(self.console.url())
    }

    /// Somebody with a new key for everything, or for these scopes.
    pub async fn viewer(&self, scopes: Option<&[&str]>) -> Result<Viewer> {
        let key = self.key(scopes).await?;
        let viewer = self.stranger()?;
        viewer.sign_in(&key).await?.expect(303)?;
        Ok(viewer)
    }

    /// A new key.
    pub async fn key(&self, scopes: Option<&[&str]>) -> Result<String> {
        let scopes = scopes.map(|scopes| scopes.iter().map(|&scope| scope.to_owned()).collect());
        let rights = Rights {
            scopes: Scopes::new(scopes),
            ..Rights::default()
        };
        let ops = infra::postgres::pool(&self.env.config.ops_url, 1)?;
        Ok(api_keys::create_for(&ops, "viewer", &rights).await?.secret)
    }
}

/// A browser without scripts: it keeps cookies, and follows nothing by itself.
pub struct Viewer {
    http: Client,
    url: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// A page, or what else was answered.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Page {
    /// Itself, if it has this status.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(
            self.status.as_u16() == status,
            "expected {status}, got {} {:?} {}",
            self.status,
            self.headers,
            self.text
        );
        Ok(self)
    }

    /// Itself, if it shows this.
    pub fn shows(self, text: &str) -> Result<Self> {
        ensure!(self.text.contains(text), "{text:?} is not in {}", self.text);
        Ok(self)
    }

    /// Itself, if it does not show this.
    pub fn hides(self, text: &str) -> Result<Self> {
        ensure!(!self.text.contains(text), "{text:?} is in {}", self.text);
        Ok(self)
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// Where it leads.
    pub fn leads_to(&self) -> Result<&str> {
        let place = self.headers.get(LOCATION).context("it leads nowhere")?;
        Ok(place.to_str()?)
    }

    /// The cookies that it sets, as they are sent.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        let sent = self.headers.get_all(SET_COOKIE).iter();
        sent.filter_map(|cookie| cookie.to_str().ok())
    }
}

impl Viewer {
    fn of(url: &str) -> Result<Self> {
        Ok(Self {
            http: Client::builder().redirect(Policy::none()).build()?,
            url: url.to_owned(),
            cookies: Mutex::default(),
        })
    }

    /// A request with the cookies that they have.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let jar = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let cookies = jar.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies: Vec<String> = cookies.collect();
        let request = self.http.request(method, format!("{}{path}", self.url));
        request.header(COOKIE, cookies.join("; "))
    }

    /// Sends a request, reads the answer and keeps its cookies.
    pub async fn send(&self, request: RequestBuilder) -> Result<Page> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let page = Page {
            status,
            headers,
            text: response.text().await?,
        };
        let mut jar = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for cookie in page.cookies() {
            let (pair, _) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').context("no cookie")?;
            if cookie.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        drop(jar);
        Ok(page)
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Result<Page> {
        self.send(self.request(Method::GET, path)).await
    }

    /// GET, going wherever it leads.
    pub async fn open(&self, path: &str) -> Result<Page> {
        let mut page = self.get(path).await?;
        while page.status == StatusCode::SEE_OTHER {
            let next = page.leads_to()?.to_owned();
            page = self.get(&next).await?;
        }
        page.expect(200)
    }

    /// POST of the fields of a form.
    pub async fn post(&self, path: &str, fields: &BTreeMap<String, String>) -> Result<Page> {
        let mut form = Url::parse("http://form/")?;
        form.query_pairs_mut().extend_pairs(fields);
        let body = form.query().unwrap_or_default().to_owned();
        let request = self.request(Method::POST, path).body(body);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request).await
    }

    /// Fills in the form of a page that leads so, and sends it; the page that this
    /// leads to.
    pub async fn submit(&self, page: &str, action: &str, with: &[(&str, &str)]) -> Result<Page> {
        let sent = self.fill(page, action, with).await?.expect(303)?;
        self.open(sent.leads_to()?).await
    }

    /// The same; what was answered.
    pub async fn fill(&self, page: &str, action: &str, with: &[(&str, &str)]) -> Result<Page> {
        let mut form = html::form(page, action)?;
        for (name, value) in with {
            form.fields.insert((*name).to_owned(), (*value).to_owned());
        }
        self.post(&form.action, &form.fields).await
    }

    /// Signs in; what was answered.
    pub async fn sign_in(&self, key: &str) -> Result<Page> {
        let fields = BTreeMap::from([("key".to_owned(), key.to_owned())]);
        self.post("/console/sign-in", &fields).await
    }
}
