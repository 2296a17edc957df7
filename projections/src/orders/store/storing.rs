//! Rows on their way into a table, column by column: by a statement over arrays, or,
//! where none of them is there, by COPY, which costs the server less than half.

use sqlx::{
    Encode, PgConnection, Postgres, Type,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use std::{fmt::Write as _, iter};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// What Postgres counts time from.
const EPOCH: OffsetDateTime = datetime!(2000-01-01 00:00 UTC);

/// See the module.
pub enum Storing<'q> {
    /// Each column is an array that the statement is given.
    Statement(Query<'q, Postgres, PgArguments>),
    /// Each row is a line.
    Copy(Lines<'q>),
}

/// Rows as COPY reads them.
pub struct Lines<'q> {
    statement: &'q str,
    rows: Vec<String>,
    columns: usize,
}

impl<'q> Storing<'q> {
    /// By a statement.
    pub fn by_statement(statement: &'q str) -> Self {
        Self::Statement(sqlx::query(statement))
    }

    /// By a COPY FROM STDIN.
    pub const fn by_copy(statement: &'q str) -> Self {
        Self::Copy(Lines::of(statement))
    }

    /// The next column: a value of each row.
    #[must_use]
    pub fn bind<T>(self, column: Vec<T>) -> Self
    where
        T: Field,
        Vec<T>: Encode<'q, Postgres> + Type<Postgres> + 'q,
    {
        match self {
            Self::Statement(query) => Self::Statement(query.bind(column)),
            Self::Copy(mut lines) => {
                lines.add(&column);
                Self::Copy(lines)
            }
        }
    }

    /// Stores them.
    pub async fn execute(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        match self {
            Self::Statement(query) => query.execute(connection).await.map(|_| ()),
            Self::Copy(lines) => lines.send(connection).await,
        }
    }

    /// Stores them; what the statement answers.
    pub async fn fetch_all(self, connection: &mut PgConnection) -> Result<Vec<PgRow>, sqlx::Error> {
        match self {
            Self::Statement(query) => query.fetch_all(connection).await,
            Self::Copy(lines) => lines.send(connection).await.map(|()| Vec::new()),
        }
    }
}

impl<'q> Lines<'q> {
    const fn of(statement: &'q str) -> Self {
        Self {
            statement,
            rows: Vec::new(),
            columns: 0,
        }
    }

    fn add<T: Field>(&mut self, column: &[T]) {
        if self.columns == 0 {
            self.rows = iter::repeat_with(String::new).take(column.len()).collect();
        }
        for (line, value) in self.rows.iter_mut().zip(column) {
            if self.columns > 0 {
                line.push('\t');
            }
            value.put(line);
        }
        self.columns += 1;
    }

    fn text(self) -> String {
        let length = self.rows.iter().map(|line| line.len() + 1).sum();
        let mut text = String::with_capacity(length);
        for line in self.rows {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    async fn send(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let mut copy = connection.copy_in_raw(self.statement).await?;
        copy.send(self.text().into_bytes()).await?;
        copy.finish().await?;
        Ok(())
    }
}

/// A value, as it stands in a line.
pub trait Field {
    /// Puts it at the end.
    fn put(&self, line: &mut String);
}

impl Field for &str {
    fn put(&self, line: &mut String) {
        let is_plain = |b: u8| !matches!(b, b'\\' | b'\t' | b'\n' | b'\r');
        if self.bytes().all(is_plain) {
            line.push_str(self);
            return;
        }
        for letter in self.chars() {
            match letter {
                '\\' => line.push_str("\\\\"),
                '\t' => line.push_str("\\t"),
                '\n' => line.push_str("\\n"),
                '\r' => line.push_str("\\r"),
                other => line.push(other),
            }
        }
    }
}

impl Field for String {
    fn put(&self, line: &mut String) {
        self.as_str().put(line);
    }
}

impl Field for Uuid {
    fn put(&self, line: &mut String) {
        let mut text = Self::encode_buffer();
        line.push_str(self.hyphenated().encode_lower(&mut text));
    }
}

impl Field for bool {
    fn put(&self, line: &mut String) {
        line.push(if *self { 't' } else { 'f' });
    }
}

macro_rules! numbers {
    ($($type:ty),+) => {
        $(impl Field for $type {
            fn put(&self, line: &mut String) {
                // A String takes everything.
                let _ = write!(line, "{self}");
            }
        })+
    };
}
numbers! { i16, i32, i64 }

/// To the microsecond, as an array of them is bound.
impl Field for OffsetDateTime {
    fn put(&self, line: &mut String) {
        let micros = i64::try_from((*self - EPOCH).whole_microseconds()).unwrap_or(i64::MAX);
        let at = EPOCH.checked_add(Duration::microseconds(micros));
        let at = at.unwrap_or(*self);
        let (year, era) = match at.year() {
            year @ 1.. => (year, ""),
            before => (1 - before, " BC"),
        };
        let (month, day) = (u8::from(at.month()), at.day());
        let (hour, minute, second, micro) = at.to_hms_micro();
        let _ = write!(
            line,
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micro:06}+00{era}"
        );
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, line: &mut String) {
        match self {
            Some(value) => value.put(line),
            None => line.push_str("\\N"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<T: Field>(value: &T) -> String {
        let mut line = String::new();
        value.put(&mut line);
        line
    }

    #[test]
    fn rows_are_lines_of_what_stands_in_their_columns() {
        let mut lines = Lines::of("COPY t (a, b, c) FROM STDIN");
        lines.add(&["", "x"]);
        lines.add(&[7_i64, -1]);
        lines.add(&[Some("é"), None]);
        assert_eq!(lines.text(), "\t7\té\nx\t-1\t\\N\n");
    }

    #[test]
    fn nothing_in_a_text_ends_its_field_or_is_null() {
        assert_eq!(line(&"a\tb\nc\rd"), "a\\tb\\nc\\rd");
        assert_eq!(line(&r"\N"), r"\\N");
        assert_eq!(line(&r"\."), r"\\.");
        assert_eq!(line(&r#"{"n":"x\n"}"#.to_owned()), r#"{"n":"x\\n"}"#);
        assert_eq!(line(&None::<String>), r"\N");
    }

    #[test]
    fn values_are_written_as_postgres_reads_them() {
        assert_eq!(
            line(&Uuid::from_u128(10)),
            "00000000-0000-0000-0000-00000000000a"
        );
        assert_eq!((line(&true), line(&Some(false))), ("t".into(), "f".into()));
        assert_eq!(line(&i64::MIN), "-9223372036854775808");
        for (at, text) in [
            (
                datetime!(2026-03-29 23:59:59.123456789 +02:00),
                "2026-03-29 21:59:59.123456+00",
            ),
            (
                datetime!(0000-12-31 00:00 UTC),
                "0001-12-31 00:00:00.000000+00 BC",
            ),
            (
                datetime!(9999-01-02 03:04 UTC),
                "9999-01-02 03:04:00.000000+00",
            ),
        ] {
            assert_eq!(line(&at), text);
        }
    }
}
