//! What the routes of exports need beside commands.

use actix_web::http::StatusCode;
use infra::{
    config::Config,
    exports::{FilterValue, Wanted},
    http::{Problem, ProblemError},
};
use sqlx::PgPool;

/// Says what is wrong with an export that somebody wants: queries know their
/// filters.
pub type Check = fn(&Wanted) -> Result<(), Problem>;

/// Exports in the background, as those who may ask for them see them.
#[derive(Clone)]
pub struct Exports {
    /// Where they are kept.
    ops: PgPool,
    check: Check,
    /// Whether there is a place for files.
    has_objects: bool,
}

impl Exports {
    /// As configured.
    pub const fn new(config: &Config, ops: PgPool, check: Check) -> Self {
        Self {
            ops,
            check,
            has_objects: !config.objects_url.is_empty(),
        }
    }

    /// Where they are kept.
    pub(crate) const fn ops(&self) -> &PgPool {
        &self.ops
    }

    /// Whether there can be such an export.
    pub(crate) fn check(&self, wanted: &Wanted) -> Result<(), Problem> {
        if !self.has_objects {
            return Err(no_object_storage());
        }
        let (format, compression) = (wanted.format, wanted.compression);
        if !compression.suits(format) {
            let detail = format!("{} is not packed so", format.extension());
            return Err(invalid().error("/compression", detail));
        }
        // No value is no filter, which nobody means who names one.
        let nothing =
            |value: &FilterValue| matches!(value, FilterValue::Several(none) if none.is_empty());
        if let Some((name, _)) = wanted.filters.iter().find(|(_, value)| nothing(value)) {
            let pointer = format!("/filters/{name}");
            return Err(invalid().error(pointer, "has no value"));
        }
        (self.check)(wanted).map_err(|problem| {
            let errors = problem.document(None, None).errors.into_iter().map(member);
            errors.fold(invalid(), |problem, (pointer, detail)| {
                problem.error(pointer, detail)
            })
        })
    }
}

fn invalid() -> Problem {
    Problem::unprocessable("invalid_export", "There is no such export")
}

/// A member of a body for the parameter of a query that it stands for.
fn member(error: ProblemError) -> (String, String) {
    let parameter = error.parameter.unwrap_or_default();
    let pointer = match parameter.as_str() {
        "fields" => "/fields".to_owned(),
        name => format!("/filters/{name}"),
    };
    (pointer, error.detail)
}

/// There is nowhere to put files.
pub(crate) fn no_object_storage() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "no_object_storage",
        "No place for objects is configured",
    )
}

/// Nothing is there, or it was deleted.
pub(crate) fn export_not_found() -> Problem {
    Problem::not_found("export_not_found", "There is no such export")
}

/// It has come to its end.
pub(crate) fn export_not_live() -> Problem {
    Problem::conflict(
        "export_not_live",
        "The export neither waits nor is being written",
    )
}
