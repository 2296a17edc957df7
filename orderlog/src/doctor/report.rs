//! What a doctor found.

use super::horizon::LogHealth;
use infra::config::Setting;
use serde::Serialize;
use std::borrow::Cow;

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It works, and may stop to.
    Warning,
    /// It does not work, or not as it must.
    Wrong,
}

/// Something to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// Server or part that it is about.
    pub about: String,
    /// What it is, and what to do.
    pub what: String,
}

impl Finding {
    pub fn wrong(about: &str, what: impl Into<String>) -> Self {
        Self::new(Level::Wrong, about, what.into())
    }

    pub fn warning(about: &str, what: impl Into<String>) -> Self {
        Self::new(Level::Warning, about, what.into())
    }

    fn new(level: Level, about: &str, what: String) -> Self {
        Self {
            level,
            about: about.to_owned(),
            what,
        }
    }
}

/// A server, or what Orderlog keeps on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Server {
    /// What it is for.
    pub name: Cow<'static, str>,
    /// Whether it answers.
    pub answers: bool,
    /// Product and version, where it tells.
    pub version: Option<String>,
    /// What there is on it.
    pub holds: Vec<String>,
    /// What is to be said about it.
    #[serde(skip)]
    pub findings: Vec<Finding>,
}

impl Server {
    /// One that has not answered yet.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            answers: false,
            version: None,
            holds: Vec::new(),
            findings: Vec::new(),
        }
    }

    pub fn wrong(&mut self, what: impl Into<String>) {
        self.findings.push(Finding::wrong(&self.name, what));
    }

    pub fn warn(&mut self, what: impl Into<String>) {
        self.findings.push(Finding::warning(&self.name, what));
    }
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Each setting and its origin.
    pub settings: Vec<Setting>,
    /// Each server.
    pub servers: Vec<Server>,
    /// The log's horizon; none where the log does not answer.
    pub log: Option<LogHealth>,
    /// What is wrong or may become so, the worst first.
    pub findings: Vec<Finding>,
}

impl Report {
    pub const fn new(settings: Vec<Setting>) -> Self {
        Self {
            settings,
            servers: Vec::new(),
            log: None,
            findings: Vec::new(),
        }
    }

    pub fn add(&mut self, mut server: Server) {
        self.find(std::mem::take(&mut server.findings));
        self.servers.push(server);
    }

    pub fn set_log(&mut self, log: Option<LogHealth>) {
        if let Some(log) = &log {
            self.find(log.findings());
        }
        self.log = log;
    }

    fn find(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
        // Stable: within a level as they were found.
        self.findings.sort_by_key(|f| f.level == Level::Warning);
    }

    /// Whether nothing is wrong.
    pub fn is_well(&self) -> bool {
        self.findings.iter().all(|f| f.level == Level::Warning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_alone_is_no_illness() {
        let mut report = Report::new(Vec::new());
        let mut server = Server::new("Redis");
        server.warn("old");
        report.add(server);
        assert!(report.is_well());
        let mut server = Server::new("Kafka");
        server.wrong("away");
        report.add(server);
        assert!(!report.is_well());
        assert_eq!(report.findings[0].about, "Kafka", "the worst first");
    }
}
