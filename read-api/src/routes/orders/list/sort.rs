//! The orders that a list can be in.

use infra::http::{Problem, Query, query::invalid};

/// A column, one way or the other; ids break ties, so that the order is total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub column: SortColumn,
    /// Whether from the greatest down.
    pub descending: bool,
    /// Whether ids go from the greatest down; as the column, if not said.
    pub ids_descending: bool,
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
    /// 400 for anything that is not one of the columns, with or without `-`,
    /// alone or followed by `id`.
    pub fn of(query: &Query) -> Result<Self, Problem> {
        let text = query.one("sort")?.unwrap_or("-created_at");
        Self::parse(text).ok_or_else(|| {
            let names = SortColumn::ALL.map(SortColumn::name).join(", ");
            let detail = format!(
                "must be one of {names}, with `-` in front for descending, \
                 and may go on with `,id` or `,-id`"
            );
            invalid("sort", detail)
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let (first, ids) = match text.split_once(',') {
            Some((first, ids)) => (first, Some(ids)),
            None => (text, None),
        };
        let (name, descending) = match first.strip_prefix('-') {
            Some(name) => (name, true),
            None => (first, false),
        };
        let ids_descending = match ids {
            None => descending,
            Some("id") => false,
            Some("-id") => true,
            Some(_) => return None,
        };
        let mut all = SortColumn::ALL.into_iter();
        let column = all.find(|column| column.name() == name)?;
        Some(Self {
            column,
            descending,
            ids_descending,
        })
    }

    /// The same, from the other end.
    pub const fn reversed(self) -> Self {
        Self {
            column: self.column,
            descending: !self.descending,
            ids_descending: !self.ids_descending,
        }
    }

    /// `-created_at`; `-created_at,id` where ids go the other way.
    pub fn canonical(self) -> String {
        let sign = |descending| if descending { "-" } else { "" };
        let first = format!("{}{}", sign(self.descending), self.column.name());
        if self.ids_descending == self.descending {
            first
        } else {
            format!("{first},{}id", sign(self.ids_descending))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_as_the_column_does_unless_it_is_said() {
        for (text, canonical) in [
            ("total", "total"),
            ("total,id", "total"),
            ("-total", "-total"),
            ("-total,-id", "-total"),
            ("-total,id", "-total,id"),
            ("total,-id", "total,-id"),
        ] {
            let sort = Sort::parse(text).expect(text);
            assert_eq!(sort.canonical(), canonical);
            assert_eq!(sort.reversed().reversed(), sort);
        }
        for text in [
            "",
            "-",
            "id",
            "total,",
            "total,number",
            "total,id,id",
            "total, id",
        ] {
            assert_eq!(Sort::parse(text), None, "{text}");
        }
    }
}
