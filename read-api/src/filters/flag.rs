//! Parameters that are true or false.

use infra::http::{Problem, Query};
use sqlx::{Postgres, QueryBuilder};

/// A parameter that is true or false.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// Name of the parameter.
    pub parameter: &'static str,
    /// Conditions, written out so that they are those of partial indexes.
    yes: &'static str,
    no: &'static str,
}

/// Out of the way.
pub const ARCHIVED: Flag = Flag {
    parameter: "archived",
    yes: "archived",
    no: "NOT archived",
};
/// At least one hold is on.
pub const HAS_HOLD: Flag = Flag {
    parameter: "has_hold",
    yes: "hold_count > 0",
    no: "hold_count = 0",
};
/// At least one return is under way: the return axis is that of the least
/// advanced one, and of what is over only where there is none.
pub const HAS_OPEN_RETURN: Flag = Flag {
    parameter: "has_open_return",
    yes: "return_status IN ('requested', 'approved', 'received', 'refunded')",
    no: "return_status NOT IN ('requested', 'approved', 'received', 'refunded')",
};

impl Flag {
    /// What is asked for.
    pub(super) fn read(&self, query: &Query) -> Result<Option<bool>, Problem> {
        query.parsed(self.parameter, "true or false")
    }

    /// Adds ` AND …`.
    pub(super) fn push(&self, sql: &mut QueryBuilder<'_, Postgres>, value: bool) {
        sql.push(" AND ")
            .push(if value { self.yes } else { self.no });
    }
}
