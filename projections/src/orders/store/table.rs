//! Statements that store many rows at once, from a table's list of columns.

use super::storing::Storing;

/// A table, as far as it is written.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Columns and their types, in the order in which they are bound: each as
    /// an array. Lists, words and exact numbers are bound as text, as [`list`] and
    /// [`lexemes`] write them, since Postgres has no array of arrays of different
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

/// Statements that store the same rows, from the same columns in the same order.
pub struct Statements {
    copy: String,
    upsert: String,
}

impl Statements {
    /// A COPY for rows that are not there, and a statement for rows that may be.
    pub const fn new(copy: String, upsert: String) -> Self {
        Self { copy, upsert }
    }

    /// Begins to store such rows.
    pub fn begin(&self, there: There) -> Storing<'_> {
        match there {
            There::Perhaps => Storing::by_statement(&self.upsert),
            There::Not => Storing::by_copy(&self.copy),
        }
    }
}

impl Table {
    /// Inserts rows, and leaves alone those that are as they should be.
    pub fn statements(&self) -> Statements {
        Statements::new(self.copy(), self.upsert_changed())
    }

    /// Inserts rows that are not there.
    pub fn copy(&self) -> String {
        let names = self.columns.iter().map(|(name, _)| quoted(name));
        format!("COPY {} ({}) FROM STDIN", self.name, joined(names))
    }

    /// Inserts rows, or replaces what is there.
    pub fn upsert(&self) -> String {
        let columns = self.columns.iter();
        let names = joined(columns.clone().map(|(name, _)| quoted(name)));
        let values = joined(columns.clone().map(|(name, kind)| value(name, kind)));
        let arrays = columns.zip(1..);
        let arrays = arrays.map(|((name, kind), n)| unnested(n, name, kind));
        let (key, rest) = self.columns.split_at(self.key);
        format!(
            "INSERT INTO {table} AS t ({names}) \
             SELECT {values} FROM (SELECT {arrays}) AS n \
             ON CONFLICT ({key}) DO UPDATE SET {set}",
            table = self.name,
            arrays = joined(arrays),
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

/// In the select list arrays are gone through side by side. As a table function each
/// would be put down as a whole first, documents on disk.
fn unnested(number: usize, name: &str, kind: &str) -> String {
    let bound = match kind {
        "text[]" | "tsvector" | "numeric" => "text",
        kind => kind,
    };
    format!("unnest(${number}::{bound}[]) AS \"{name}\"")
}

fn value(name: &str, kind: &str) -> String {
    match kind {
        "text[]" | "tsvector" | "numeric" => format!("n.\"{name}\"::{kind}"),
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

/// Words as Postgres writes what is searched by them.
pub fn lexemes<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    let mut lexemes = String::new();
    for word in words {
        if !lexemes.is_empty() {
            lexemes.push(' ');
        }
        lexemes.push('\'');
        for letter in word.as_ref().chars() {
            if matches!(letter, '\'' | '\\') {
                lexemes.push(letter);
            }
            lexemes.push(letter);
        }
        lexemes.push('\'');
    }
    lexemes
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
             FROM (SELECT unnest($1::uuid[]) AS \"id\", unnest($2::int[]) AS \"partition\", \
             unnest($3::text[]) AS \"tags\") AS n \
             ON CONFLICT (\"id\") DO UPDATE SET \
             \"partition\" = EXCLUDED.\"partition\", \"tags\" = EXCLUDED.\"tags\""
        );
        assert!(TABLE.upsert_changed().ends_with(
            " WHERE (t.\"partition\", t.\"tags\") IS DISTINCT FROM \
             (EXCLUDED.\"partition\", EXCLUDED.\"tags\")"
        ));
    }

    #[test]
    fn rows_that_are_not_there_are_copied_by_the_same_columns() {
        let expected = "COPY things (\"id\", \"partition\", \"tags\") FROM STDIN";
        assert_eq!(TABLE.copy(), expected);
    }

    #[test]
    fn lists_are_written_as_postgres_reads_them() {
        assert_eq!(list::<&str>([]), "{}");
        assert_eq!(list(["gift", "é, {x}", ""]), r#"{"gift","é, {x}",""}"#);
        assert_eq!(list([r#"a "b" \c"#, "NULL"]), r#"{"a \"b\" \\c","NULL"}"#);
    }

    #[test]
    fn words_are_written_as_postgres_reads_them() {
        assert_eq!(lexemes::<&str>([]), "");
        assert_eq!(
            lexemes(["lamp", "東京", r"o'b\c"]),
            r"'lamp' '東京' 'o''b\\c'"
        );
    }
}
