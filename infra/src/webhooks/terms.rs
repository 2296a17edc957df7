//! What somebody may say of an endpoint, checked.

use super::{endpoint::Terms, guard::Guard};
use std::net::IpAddr;
use url::Url;

/// Longest URL, and description.
const LONGEST: usize = 2_000;
/// Most types, as many as there are and a few families.
const MOST_TYPES: usize = 100;
/// Most requests at once.
const MOST_AT_ONCE: i32 = 64;

/// What is wrong with one member: its name, and why.
pub type Fault = (&'static str, String);

impl Terms {
    /// Everything that is wrong. `known` says whether there is a type of event.
    pub fn faults(&self, guard: &Guard, known: impl Fn(&str) -> bool) -> Vec<Fault> {
        let types = if self.event_types.is_empty() || self.event_types.len() > MOST_TYPES {
            Some(format!("must be 1 to {MOST_TYPES} types of events"))
        } else {
            let unknown = self.event_types.iter().find(|name| !is_type(name, &known));
            unknown.map(|name| {
                format!("{name:?} is no type of events: order.placed, order.* or *, say")
            })
        };
        let at_once = (!(1..=MOST_AT_ONCE).contains(&self.concurrency))
            .then(|| format!("must be 1 to {MOST_AT_ONCE}"));
        let description = self.description.as_deref().and_then(text_fault);
        let platform = self.platform.as_deref().and_then(text_fault);
        [
            ("url", url_fault(&self.url, guard)),
            ("description", description),
            ("event_types", types),
            ("platform", platform),
            ("concurrency", at_once),
        ]
        .into_iter()
        .filter_map(|(name, fault)| Some((name, fault?)))
        .collect()
    }
}

fn is_type(name: &str, known: impl Fn(&str) -> bool) -> bool {
    name == "*" || name == "order.*" || known(name)
}

fn text_fault(text: &str) -> Option<String> {
    let fits = (1..=LONGEST).contains(&text.chars().count());
    (!fits || text.chars().any(char::is_control))
        .then(|| format!("must be 1 to {LONGEST} characters, none of them control characters"))
}

/// Names are resolved when something is sent, and what they lead to is checked
/// then; an address can be checked at once.
fn url_fault(text: &str, guard: &Guard) -> Option<String> {
    let absolute = || "must be an absolute http or https URL".to_owned();
    if text.chars().any(char::is_control) {
        return Some("may not hold control characters".to_owned());
    }
    if text.len() > LONGEST {
        return Some(format!("must be at most {LONGEST} bytes long"));
    }
    let Ok(url) = Url::parse(text) else {
        return Some(absolute());
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Some(absolute());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("may not hold a user or a password".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address: IpAddr = host.parse().ok()?;
    guard.check(address).err().map(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(url: &str) -> Terms {
        Terms {
            url: url.to_owned(),
            description: None,
            event_types: vec!["*".to_owned()],
            platform: None,
            ordered: false,
            imported: false,
            concurrency: 8,
        }
    }

    fn faulty(terms: &Terms) -> Vec<&'static str> {
        let known = |name: &str| name == "order.placed";
        let faults = terms.faults(&Guard::default(), known);
        faults.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn urls_that_lead_nowhere_public_are_refused() {
        for sound in ["https://shop.example/hooks?x=1", "http://8.8.8.8:8080/"] {
            assert_eq!(faulty(&terms(sound)), [""; 0], "{sound}");
        }
        let long = format!("https://shop.example/{}", "x".repeat(LONGEST));
        for wrong in [
            "",
            "shop.example",
            "ftp://shop.example",
            "file:///etc/passwd",
            "https://shop.example/\0",
            "https://me:secret@shop.example/",
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://0x7f.1/",
            "http://127.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://169.254.169.254/latest/meta-data",
            &long,
        ] {
            assert_eq!(faulty(&terms(wrong)), ["url"], "{wrong}");
        }
    }

    #[test]
    fn every_member_that_is_wrong_is_named() {
        let wrong = Terms {
            description: Some("a\0b".into()),
            event_types: vec!["order.placed".into(), "order.plaeced".into()],
            platform: Some(String::new()),
            concurrency: 0,
            ..terms("nowhere")
        };
        let all = [
            "url",
            "description",
            "event_types",
            "platform",
            "concurrency",
        ];
        assert_eq!(faulty(&wrong), all);
        let none = Terms {
            event_types: Vec::new(),
            ..terms("https://shop.example")
        };
        assert_eq!(faulty(&none), ["event_types"]);
    }
}
