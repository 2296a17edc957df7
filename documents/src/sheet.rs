//! A document as it reads: every text is in its language, every figure written
//! out. What draws it knows nothing of orders.

/// One document. Together with its seller it is all that its bytes depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sheet {
    /// What it is: `Invoice`.
    pub title: String,
    /// Its own number, or that of what it is of.
    pub number: String,
    /// The first part of the name of its file.
    pub slug: &'static str,
    /// What is to be known about it: label and value.
    pub facts: Vec<(String, String)>,
    /// Who it is about.
    pub parties: Vec<Party>,
    /// Its lines.
    pub lines: Table,
    /// What the lines come to, from top to bottom.
    pub sums: Vec<Sum>,
    /// The taxes, beside the sums.
    pub taxes: Option<Table>,
    /// What else is to be said.
    pub notes: Vec<String>,
}

/// Somebody with an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Party {
    /// What they have to do with it.
    pub label: String,
    /// Name and address.
    pub lines: Vec<String>,
}

/// Columns and rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Table {
    /// From left to right.
    pub columns: Vec<Column>,
    /// A cell per column each.
    pub rows: Vec<Vec<Cell>>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// Its head.
    pub title: String,
    /// Where its texts stand.
    pub align: Align,
}

/// Where the texts of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Align {
    /// At its left; the column has the room that others leave, and its texts
    /// are broken into lines.
    Wrapped,
    /// At its right, in one line.
    Right,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// What it says below that, smaller.
    pub detail: Vec<String>,
}

/// A line of the sums.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sum {
    /// What it is the sum of.
    pub label: String,
    /// The sum; empty: the line is a heading.
    pub amount: String,
    /// How much weight it has.
    pub weight: SumWeight,
}

/// How a sum is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SumWeight {
    /// One of several.
    Plain,
    /// Small: part of the one above, or a heading.
    Light,
    /// What it all comes to, below a rule.
    Total,
}

impl Table {
    /// A table with these columns and no rows.
    pub(crate) fn new<const N: usize>(columns: [(&str, Align); N]) -> Self {
        let column = |(title, align): (&str, Align)| Column {
            title: title.to_owned(),
            align,
        };
        let columns = columns.into_iter().map(column).collect();
        Self {
            columns,
            rows: Vec::new(),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            detail: Vec::new(),
        }
    }
}

impl Sum {
    /// One of several.
    pub(crate) fn plain(label: &str, amount: String) -> Self {
        Self::new(label, amount, SumWeight::Plain)
    }

    /// With this weight.
    pub(crate) fn new(label: &str, amount: String, weight: SumWeight) -> Self {
        Self {
            label: label.to_owned(),
            amount,
            weight,
        }
    }
}

impl Sheet {
    /// A name for its file: letters, digits and hyphens, which no file system
    /// and no header minds.
    pub fn file_name(&self) -> String {
        let number: String = self.number.chars().take(80).collect();
        let parts = number.split(|c: char| !c.is_ascii_alphanumeric());
        let parts = [self.slug].into_iter().chain(parts);
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        format!("{}.pdf", parts.join("-"))
    }
}

/// A text with a value in it, in place of `{}`.
pub(crate) fn told(template: &str, value: &str) -> String {
    template.replace("{}", value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_harmless() {
        let mut sheet = Sheet {
            title: String::new(),
            number: String::new(),
            slug: "invoice",
            facts: Vec::new(),
            parties: Vec::new(),
            lines: Table::new([]),
            sums: Vec::new(),
            taxes: None,
            notes: Vec::new(),
        };
        for (number, name) in [
            ("WEB-17", "invoice-WEB-17.pdf"),
            ("../\"17\"\r\nX: 1", "invoice-17-X-1.pdf"),
            ("Ω", "invoice.pdf"),
        ] {
            number.clone_into(&mut sheet.number);
            assert_eq!(sheet.file_name(), name);
        }
    }
}
