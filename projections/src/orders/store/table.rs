//! Statements that store many rows at once, from a table's list of columns.

/// A table, as far as it is written.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Columns and their types, in the order in which they are bound: each as
    /// an array. Lists, words and exact numbers are bound as text, the former as
    /// [`list`] writes them, since Postgres has no array of arrays of different
    /// lengths.
    pub columns: &'static [(&'static str, &'static str)],
    /// How many of the columns, from the first on, are the key.
    pub key: usize,
}

/// Whether rows that are written may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
    /// Then they are replaced.
    Perhaps,
    /// The database need not look for them first.
    Not,
}

/// Statements that store the same rows.
pub struct Statements {
    insert: String,
    upsert: String,
}

impl Statements {
    /// Of rows that are not there, and of rows that may be.
    pub const fn new(insert: String, upsert: String) -> Self {
        Self { insert, upsert }
    }

    /// That for such rows.
    pub fn of(&self, there: There) -> &str {
        match there {
            There::Perhaps => &self.upsert,
            There::Not => &self.insert,
        }
    }
}

impl Table {
    /// Inserts rows, and leaves alone those that are as they should be.
    pub fn statements(&self) -> Statements {
        Statements::new(self.insert(), self.upsert_changed())
    }

    /// Inserts rows.
    pub fn insert(&self) -> String {
        let columns = self.columns.iter();
        let names = joined(columns.clone().map(|(name, _)| quoted(name)));
        let values = joined(columns.clone().map(|(name, kind)| value(name, kind)));
        let arrays = columns.zip(1..).map(|((_, kind), n)| array(n, kind));
        format!(
            "INSERT INTO {table} AS t ({names}) \
             SELECT {values} FROM unnest({arrays}) AS n ({names})",
            table = self.name,
            arrays = joined(arrays),
        )
    }

    /// Inserts rows, or replaces what is there.
    pub fn upsert(&self) -> String {
        let (key, rest) = self.columns.split_at(self.key);
        format!(
            "{insert} ON CONFLICT ({key}) DO UPDATE SET {set}",
            insert = self.insert(),
            key = joined(key.iter().map(|(name, _)| quoted(name))),
            set = joined(rest.iter().map(|(name, _)| set(name))),
        )
    }

    /// The same, leaving alone those rows that are as they should be.
    pub fn upsert_changed(&self) -> String {
        let rest = || {
            self.columns[self.key..]
                .iter()
                .map(|(name, _)| quoted(name))
        };
        format!(
            "{upsert} WHERE ({old}) IS DISTINCT FROM ({new})",
            upsert = self.upsert(),
            old = joined(rest().map(|name| format!("t.{name}"))),
            new = joined(rest().map(|name| format!("EXCLUDED.{name}"))),
        )
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// `partition` is a word of SQL.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn set(name: &str) -> String {
    format!("\"{name}\" = EXCLUDED.\"{name}\"")
}

fn array(number: usize, kind: &str) -> String {
    let bound = match kind {
        "text[]" | "tsvector" | "numeric" => "text",
        kind => kind,
    };
    format!("${number}::{bound}[]")
}

fn value(name: &str, kind: &str) -> String {
    match kind {
        "text[]" | "numeric" => format!("n.\"{name}\"::{kind}"),
        "tsvector" => format!("array_to_tsvector(n.\"{name}\"::text[])"),
        _ => format!("n.\"{name}\""),
    }
}

/// Values as Postgres writes an array: read by a cast, where JSON would take a
/// sub-select for each row.
pub fn list<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    let mut list = String::from("{");
    for value in values {
        if list.len() > 1 {
            list.push(',');
        }
        list.push('"');
        for letter in value.as_ref().chars() {
            if matches!(letter, '"' | '\\') {
                list.push('\\');
            }
            list.push(letter);
        }
        list.push('"');
    }
    list.push('}');
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table {
        name: "things",
        columns: &[("id", "uuid"), ("partition", "int"), ("tags", "text[]")],
        key: 1,
    };

    #[test]
    fn every_column_is_bound_once_and_the_key_is_never_set() {
        assert_eq!(
            TABLE.upsert(),
            "INSERT INTO things AS t (\"id\", \"partition\", \"tags\") \
             SELECT n.\"id\", n.\"partition\", n.\"tags\"::text[] \
             FROM unnest($1::uuid[], $2::int[], $3::text[]) AS n (\"id\", \"partition\", \"tags\") \
             ON CONFLICT (\"id\") DO UPDATE SET \
             \"partition\" = EXCLUDED.\"partition\", \"tags\" = EXCLUDED.\"tags\""
        );
        assert!(TABLE.upsert_changed().ends_with(
            " WHERE (t.\"partition\", t.\"tags\") IS DISTINCT FROM \
             (EXCLUDED.\"partition\", EXCLUDED.\"tags\")"
        ));
    }

    #[test]
    fn rows_that_are_not_there_are_not_looked_for() {
        let statements = TABLE.statements();
        let (insert, upsert) = (statements.of(There::Not), statements.of(There::Perhaps));
        assert!(!insert.contains("CONFLICT") && upsert.starts_with(insert));
        assert_eq!(upsert, TABLE.upsert_changed());
    }

    #[test]
    fn lists_are_written_as_postgres_reads_them() {
        assert_eq!(list::<&str>([]), "{}");
        assert_eq!(list(["gift", "é, {x}", ""]), r#"{"gift","é, {x}",""}"#);
        assert_eq!(list([r#"a "b" \c"#, "NULL"]), r#"{"a \"b\" \\c","NULL"}"#);
    }
}
