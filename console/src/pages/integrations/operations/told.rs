//! Operations and results, as the API tells them.

use crate::layout::badge;
use maud::Markup;
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

/// An operation.
#[derive(Debug, Deserialize)]
pub struct Operation {
    /// Its id.
    pub id: Uuid,
    /// `bulk`, `import`, `guest_orders` or `erasure`.
    pub kind: String,
    /// How its file is read, of an import.
    #[serde(default)]
    pub import: Option<Import>,
    /// `pending`, `running`, `succeeded`, `failed` or `cancelled`.
    pub state: String,
    /// `waiting`, `validating`, `executing` or `finished`.
    pub phase: String,
    /// Whether nothing is stored.
    pub dry_run: bool,
    /// `skip` or `reject`.
    pub on_invalid: String,
    /// Whether it was told to end.
    pub cancel_requested: bool,
    /// How far it is.
    pub progress: Progress,
    /// Why it came to no end.
    pub error: Option<Wrong>,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When a worker began with it.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    /// When it came to its end.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// Until when it is kept.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
}

/// How a file is read.
#[derive(Debug, Deserialize)]
pub struct Import {
    /// Its format.
    pub format: String,
    /// Which column is which field.
    pub mapping: Option<String>,
    /// The channel that its orders belong to.
    pub platform: Option<String>,
}

/// How far an operation is.
#[derive(Debug, Deserialize)]
pub struct Progress {
    /// Lines; none until they are counted.
    pub lines: Option<i64>,
    /// Of those that cannot be read.
    pub invalid: Option<i64>,
    /// Lines with a result.
    pub done: i64,
    /// Carried out, now or before.
    pub succeeded: i64,
    /// Of those, before.
    pub replayed: i64,
    /// Not carried out.
    pub failed: i64,
    /// How fast it goes.
    pub lines_per_second: Option<f64>,
    /// How long the rest will take, about.
    pub seconds_left: Option<i64>,
}

/// Why an operation came to no end.
#[derive(Debug, Deserialize)]
pub struct Wrong {
    /// Stable.
    pub code: String,
    /// For people.
    pub detail: String,
}

impl Operation {
    /// Whether more is to become of it.
    pub fn is_live(&self) -> bool {
        matches!(self.state.as_str(), "pending" | "running")
    }

    /// What becomes of it, in a word; a success of which lines failed is none to be
    /// glad about.
    pub fn badge(&self) -> Markup {
        let class = match self.state.as_str() {
            "succeeded" if self.progress.failed > 0 => "warm",
            "succeeded" => "good",
            "failed" => "bad",
            "cancelled" => "warm",
            _ => "",
        };
        badge(&self.state, class)
    }

    /// What it is, in a few words.
    pub fn what(&self) -> String {
        let what = match (self.kind.as_str(), &self.import) {
            (_, Some(import)) => format!("import of {}", import.format),
            ("bulk", None) => "commands".to_owned(),
            ("guest_orders", None) => "orders of a guest linked".to_owned(),
            (kind, None) => kind.replace('_', " "),
        };
        if self.dry_run {
            format!("{what}, dry run")
        } else {
            what
        }
    }
}

/// What a line came to. The trailer of all of them is none.
#[derive(Debug, Deserialize)]
pub struct LineResult {
    /// Its number in the operation.
    pub line: i64,
    /// Where in a file it stands, of an import.
    #[serde(default)]
    pub source: Option<Source>,
    /// The command.
    #[serde(default)]
    pub op: Option<String>,
    /// Its own key.
    #[serde(default)]
    pub key: Option<String>,
    /// The order, where there is one.
    #[serde(default)]
    pub order_id: Option<Uuid>,
    /// Status of the answer.
    pub status: i64,
    /// Why it was not carried out.
    #[serde(default)]
    pub problem: Option<Problem>,
}

/// Where in a file something stands.
#[derive(Debug, Deserialize)]
pub struct Source {
    /// Number of the invoice.
    #[serde(default)]
    pub invoice: Option<String>,
    /// Its lines.
    pub lines: Vec<i64>,
}

/// Why a line was not carried out.
#[derive(Debug, Deserialize)]
pub struct Problem {
    /// Stable.
    pub code: String,
    /// What kind of problem it is.
    pub title: String,
    /// What was wrong this time.
    #[serde(default)]
    pub detail: Option<String>,
    /// A code of the file's format.
    #[serde(default)]
    pub reason: Option<String>,
    /// Which parts were wrong.
    #[serde(default)]
    pub errors: Vec<Part>,
}

/// A part that was wrong.
#[derive(Debug, Deserialize)]
pub struct Part {
    /// Where.
    #[serde(default)]
    pub pointer: Option<String>,
    /// What is wrong with it.
    pub detail: String,
}

impl LineResult {
    /// The lines of the file, or the line of the operation: `7`, `7, 8`, `7–12`.
    pub fn lines(&self) -> String {
        let Some(source) = &self.source else {
            return self.line.to_string();
        };
        let numbers = &source.lines;
        let run = numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        match (numbers.first(), numbers.last()) {
            (None, _) => "–".to_owned(),
            (Some(first), Some(last)) if numbers.len() > 2 && run => format!("{first}–{last}"),
            _ => {
                let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
                numbers.join(", ")
            }
        }
    }

    /// What it is about, by its invoice or its key.
    pub fn about(&self) -> Option<&str> {
        let invoice = self.source.as_ref().and_then(|s| s.invoice.as_deref());
        invoice.or(self.key.as_deref())
    }
}

impl Problem {
    /// The code that says most.
    pub fn named(&self) -> &str {
        self.reason.as_deref().unwrap_or(&self.code)
    }

    /// What is wrong, with its parts.
    pub fn sentence(&self) -> String {
        let said = self.detail.as_ref().unwrap_or(&self.title);
        let parts = self.errors.iter().map(|part| match &part.pointer {
            Some(pointer) => format!("{pointer} {}", part.detail),
            None => part.detail.clone(),
        });
        let parts: Vec<String> = parts.collect();
        if parts.is_empty() {
            said.clone()
        } else {
            format!("{said}: {}", parts.join("; "))
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// An operation that runs, but for these members.
    pub fn operation(but: &Value) -> Operation {
        let mut told = json!({
            "id": "019ac1f0-7c3e-7a41-9c55-2f4d6d0c22aa", "kind": "bulk", "about": null,
            "import": null, "state": "running", "phase": "executing", "dry_run": false,
            "on_invalid": "skip", "cancel_requested": false,
            "progress": {"lines": 1_000, "valid": 990, "invalid": 10, "done": 420,
                "succeeded": 400, "replayed": 0, "failed": 20, "percent": 42.0,
                "lines_per_second": 100.0, "seconds_left": 6},
            "error": null, "created_at": "2026-01-31T00:00:00Z", "started_at": null,
            "finished_at": null, "expires_at": null, "results": null,
        });
        for (name, value) in but.as_object().expect("members") {
            told[name] = value.clone();
        }
        serde_json::from_value(told).expect("an operation")
    }

    fn result(but: &Value) -> LineResult {
        let mut told = json!({"line": 3, "op": "import_order", "key": "k", "status": 422});
        for (name, value) in but.as_object().expect("members") {
            told[name] = value.clone();
        }
        serde_json::from_value(told).expect("a result")
    }

    #[test]
    fn a_result_is_told_of_the_lines_of_the_file() {
        let at = |lines: &[i64]| result(&json!({"source": {"lines": lines}})).lines();
        assert_eq!(at(&[]), "–");
        assert_eq!(at(&[7]), "7");
        assert_eq!(at(&[7, 8]), "7, 8");
        assert_eq!(at(&[7, 8, 9]), "7–9");
        assert_eq!(at(&[7, 9, 12]), "7, 9, 12");
        assert_eq!(result(&json!({})).lines(), "3");
        let of = result(&json!({"source": {"invoice": "A-1", "lines": []}}));
        assert_eq!(of.about(), Some("A-1"));
        assert_eq!(result(&json!({})).about(), Some("k"));
    }

    #[test]
    fn a_problem_is_told_with_what_was_wrong() {
        let problem = json!({"problem": {
            "type": "/problems/no_order", "code": "no_order", "title": "No order", "status": 422,
            "reason": "no_date", "detail": "line 7 has no date",
            "errors": [{"pointer": "/placed_at", "detail": "is missing"}],
        }});
        let problem = result(&problem).problem.expect("a problem");
        assert_eq!(problem.named(), "no_date");
        assert_eq!(
            problem.sentence(),
            "line 7 has no date: /placed_at is missing"
        );
    }

    #[test]
    fn an_operation_is_named_by_what_it_does() {
        assert_eq!(operation(&json!({})).what(), "commands");
        let import = json!({"format": "csv", "mapping": "", "platform": null,
            "prices_include_tax": false});
        let dry = operation(&json!({"kind": "import", "import": import, "dry_run": true}));
        assert_eq!(dry.what(), "import of csv, dry run");
        assert!(operation(&json!({"state": "pending"})).is_live());
        assert!(!operation(&json!({"state": "cancelled"})).is_live());
    }
}
