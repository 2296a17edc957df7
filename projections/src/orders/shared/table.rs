//! A table of sums that many orders share (`docs/ARCHITECTURE.md`,
//! invariant 7): what it is, and differences of it.
//!
//! Each table is a file of its own beside this one: its key and its sums
//! (`shared_table!`), and a pure function of one order's row that says what
//! the order counts for. Everything else takes differences of that.

use contracts::order::{FulfillmentStatus, Kind, OrderStatus, PaymentStatus, ReturnStatus};
use sqlx::{Postgres, postgres::PgArguments, query::Query};
use std::{
    collections::{BTreeMap, btree_map},
    fmt::Debug,
    ops::{AddAssign, Neg},
};
use time::{Date, OffsetDateTime};

/// The sums of one row of a table that many orders share.
pub trait Shared: Copy + Default + PartialEq + Debug + AddAssign + Neg<Output = Self> {
    /// What is summed over, but for the partition.
    type Key: Key;
    /// Name of the table.
    const TABLE: &'static str;
    /// Names of the sums, which are those of their columns.
    const SUMS: &'static [&'static str];
    /// Whether there are so few rows that a rebuild can keep all of them in
    /// memory, and write each one once.
    const FEW: bool;

    /// The sums, in the order of [`Self::SUMS`].
    fn sums(&self) -> Vec<i64>;
}

/// What is summed over.
pub trait Key: Ord + Clone + Debug + Send + Sync {
    /// Columns and their types.
    const COLUMNS: &'static [(&'static str, &'static str)];

    /// Binds each column of these keys as an array.
    fn bind<'q>(keys: &[&'q Self], query: Statement<'q>) -> Statement<'q>;
}

/// A statement in the making.
pub type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A type that a column of a key may have.
pub trait Column: Sized {
    /// In SQL.
    const TYPE: &'static str;

    /// Binds an array.
    fn bind<'q>(values: Vec<&'q Self>, query: Statement<'q>) -> Statement<'q>;
}

macro_rules! columns {
    ($($type:ty = $sql:literal),+ $(,)?) => {
        $(impl Column for $type {
            const TYPE: &'static str = $sql;

            fn bind<'q>(values: Vec<&'q Self>, query: Statement<'q>) -> Statement<'q> {
                query.bind(values.into_iter().copied().collect::<Vec<_>>())
            }
        })+
    };
}
columns! { Date = "date", OffsetDateTime = "timestamptz", bool = "boolean", i16 = "smallint" }

impl Column for String {
    const TYPE: &'static str = "text";

    fn bind<'q>(values: Vec<&'q Self>, query: Statement<'q>) -> Statement<'q> {
        query.bind(values.into_iter().map(String::as_str).collect::<Vec<_>>())
    }
}

macro_rules! axes {
    ($($axis:ty),+ $(,)?) => {
        $(impl Column for $axis {
            const TYPE: &'static str = "text";

            fn bind<'q>(values: Vec<&'q Self>, query: Statement<'q>) -> Statement<'q> {
                query.bind(values.into_iter().map(|v| v.as_str()).collect::<Vec<_>>())
            }
        })+
    };
}
axes! { Kind, OrderStatus, PaymentStatus, FulfillmentStatus, ReturnStatus }

/// Makes the `Key` of a table: a field for each column, of its name.
macro_rules! shared_key {
    ($(#[$doc:meta])* key { $($(#[$column_doc:meta])* $column:ident: $type:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct Key {
            $($(#[$column_doc])* pub $column: $type),+
        }

        impl $crate::orders::shared::Key for Key {
            const COLUMNS: &'static [(&'static str, &'static str)] = &[$(
                (stringify!($column), <$type as $crate::orders::shared::Column>::TYPE)
            ),+];

            fn bind<'q>(
                keys: &[&'q Self],
                query: $crate::orders::shared::Statement<'q>,
            ) -> $crate::orders::shared::Statement<'q> {
                $(let query = <$type as $crate::orders::shared::Column>::bind(
                    keys.iter().map(|key| &key.$column).collect(),
                    query,
                );)+
                query
            }
        }
    };
}
pub(super) use shared_key;

/// Makes the `Key` and the `Sums` of a table: a field for each sum, too.
macro_rules! shared_table {
    (
        table = $table:literal, few = $few:literal;
        $(#[$key_doc:meta])* key { $($key:tt)+ }
        $(#[$sums_doc:meta])* sums { $($(#[$sum_doc:meta])* $sum:ident),+ $(,)? }
    ) => {
        $crate::orders::shared::table::shared_key! { $(#[$key_doc])* key { $($key)+ } }

        $(#[$sums_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Sums {
            $($(#[$sum_doc])* pub $sum: i64),+
        }

        impl $crate::orders::shared::Shared for Sums {
            type Key = Key;
            const TABLE: &'static str = $table;
            const SUMS: &'static [&'static str] = &[$(stringify!($sum)),+];
            const FEW: bool = $few;

            fn sums(&self) -> Vec<i64> {
                vec![$(self.$sum),+]
            }
        }

        // Differences are exact modulo 2^64 whatever comes in between; that a
        // stored sum fits is the database's check.
        impl std::ops::AddAssign for Sums {
            fn add_assign(&mut self, other: Self) {
                $(self.$sum = self.$sum.wrapping_add(other.$sum);)+
            }
        }

        impl std::ops::Neg for Sums {
            type Output = Self;

            fn neg(self) -> Self {
                Self { $($sum: self.$sum.wrapping_neg()),+ }
            }
        }
    };
}
pub(super) use shared_table;

/// What one order counts for in one table.
pub type Counted<S> = Vec<(<S as Shared>::Key, S)>;

/// Differences of a table, in the order of its keys and partitions. The Kafka
/// partition is part of a row's key so that no two workers ever write the same
/// row; readers sum over it.
#[derive(Debug, Clone, PartialEq)]
pub struct Differences<S: Shared>(BTreeMap<(S::Key, i32), S>);

impl<S: Shared> Default for Differences<S> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<S: Shared> Differences<S> {
    /// Counts an order of this partition out as it was and in as it is.
    pub fn replace(&mut self, partition: i32, was: Counted<S>, is: Counted<S>) {
        if was == is {
            return;
        }
        for (key, sums) in was {
            self.change((key, partition), -sums);
        }
        self.add(partition, is);
    }

    /// Adds these sums.
    pub fn add(&mut self, partition: i32, counted: impl IntoIterator<Item = (S::Key, S)>) {
        for (key, sums) in counted {
            self.change((key, partition), sums);
        }
    }

    /// Takes over other differences.
    pub fn absorb(&mut self, other: Self) {
        for (key, sums) in other.0 {
            self.change(key, sums);
        }
    }

    /// The differences that are not nothing, by key and partition.
    pub fn rows(&self) -> impl Iterator<Item = (&S::Key, i32, &S)> {
        let rows = self.0.iter();
        rows.map(|((key, partition), sums)| (key, *partition, sums))
    }

    fn change(&mut self, key: (S::Key, i32), by: S) {
        match self.0.entry(key) {
            btree_map::Entry::Vacant(entry) => {
                if by != S::default() {
                    entry.insert(by);
                }
            }
            btree_map::Entry::Occupied(mut entry) => {
                *entry.get_mut() += by;
                if *entry.get() == S::default() {
                    entry.remove();
                }
            }
        }
    }
}
