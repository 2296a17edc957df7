//! The orders that a list can be in.

use infra::http::{Problem, Query, query::invalid};

/// A column, one way or the other; ids break ties, in the same direction, so
/// that the order is total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub column: SortColumn,
    /// Whether from the greatest down.
    pub descending: bool,
}

/// A column with an index on (it, id).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortColumn {
    /// When the log first recorded the order.
    CreatedAt,
    /// Business time.
    PlacedAt,
    /// When the log last recorded a change.
    UpdatedAt,
    /// What the order costs, in minor units of its own currency.
    Total,
}

impl SortColumn {
    const ALL: [Self; 4] = [
        Self::CreatedAt,
        Self::PlacedAt,
        Self::UpdatedAt,
        Self::Total,
    ];

    /// Name of the column and of the parameter's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::PlacedAt => "placed_at",
            Self::UpdatedAt => "updated_at",
            Self::Total => "total",
        }
    }

    /// Whether it holds times.
    pub const fn is_time(self) -> bool {
        !matches!(self, Self::Total)
    }
}

impl Sort {
    /// The parameter `sort`: newest first if absent.
    ///
    /// # Errors
    /// 400 for anything that is not one of the columns, with or without `-`.
    pub fn of(query: &Query) -> Result<Self, Problem> {
        let Some(text) = query.one("sort")? else {
            return Ok(Self {
                column: SortColumn::CreatedAt,
                descending: true,
            });
        };
        let (name, descending) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let column = SortColumn::ALL
            .into_iter()
            .find(|column| column.name() == name);
        column
            .map(|column| Self { column, descending })
            .ok_or_else(|| {
                let names = SortColumn::ALL.map(SortColumn::name).join(", ");
                invalid(
                    "sort",
                    format!("must be one of {names}, with `-` in front for descending"),
                )
            })
    }

    /// `-created_at`.
    pub fn canonical(self) -> String {
        let sign = if self.descending { "-" } else { "" };
        format!("{sign}{}", self.column.name())
    }
}
