//! The report for people.

use super::{
    horizon::LogHealth,
    report::{Level, Report, Server},
};
use infra::config::Setting;
use std::fmt;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Settings")?;
        let widest = self.settings.iter().map(|s| s.key.len()).max();
        for setting in &self.settings {
            write_setting(f, setting, widest.unwrap_or_default())?;
        }
        writeln!(f, "\nServers")?;
        for server in &self.servers {
            write_server(f, server)?;
        }
        if let Some(log) = &self.log {
            writeln!(f, "\nLog")?;
            write_log(f, log)?;
        }
        writeln!(f)?;
        for finding in &self.findings {
            let level = match finding.level {
                Level::Wrong => "WRONG  ",
                Level::Warning => "warning",
            };
            writeln!(f, "{level}  {}: {}", finding.about, finding.what)?;
        }
        let wrong = self.findings.iter().filter(|x| x.level == Level::Wrong);
        match (wrong.count(), self.findings.len()) {
            (0, 0) => write!(f, "All is well."),
            (0, _) => write!(f, "Nothing is wrong."),
            (wrong, _) => write!(f, "Wrong: {wrong}."),
        }
    }
}

fn write_setting(f: &mut fmt::Formatter<'_>, setting: &Setting, widest: usize) -> fmt::Result {
    let Setting { key, value, origin } = setting;
    let value = if value.is_empty() { "-" } else { value };
    writeln!(f, "  {key:<widest$}  {value}  ({origin})")
}

fn write_server(f: &mut fmt::Formatter<'_>, server: &Server) -> fmt::Result {
    let Server { name, holds, .. } = server;
    let state = match (server.answers, &server.version) {
        (false, _) => "does not answer",
        (true, Some(version)) => version,
        (true, None) => "answers",
    };
    writeln!(f, "  {name:<16} {state}")?;
    for what in holds {
        writeln!(f, "  {:<16}   {what}", "")?;
    }
    Ok(())
}

fn write_log(f: &mut fmt::Formatter<'_>, log: &LogHealth) -> fmt::Result {
    let age = log.horizon_age_seconds;
    writeln!(f, "  horizon {}, held for {age:.1} s", log.horizon)?;
    for session in log.transactions.iter().filter(|session| session.wrote) {
        writeln!(f, "    by {session}")?;
    }
    writeln!(f, "  {} events wait behind it", log.waiting_events)?;
    let others = &log.time_outs.others;
    let ours = &log.time_outs.ours;
    writeln!(
        f,
        "  idle_in_transaction_session_timeout {ours} for our sessions, {others} for others"
    )
}
