//! Which state a cached value was computed from.

use std::{fmt, str::FromStr};

/// The state that a value was computed from. For a projection: its build, and
/// the sum of its offsets; for an order: its version and its revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Rises with each rebuild; versions of different builds compare by it.
    pub build: u64,
    /// Rises with each change.
    pub number: u64,
}

impl Version {
    /// Fixed width, so that text compares as the numbers do.
    pub(super) fn padded(self) -> String {
        format!("{:020}-{:020}", self.build, self.number)
    }
}

/// `<build>-<number>`.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.build, self.number)
    }
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (build, number) = text.split_once('-').ok_or(())?;
        Ok(Self {
            build: build.parse().map_err(|_| ())?,
            number: number.parse().map_err(|_| ())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padded_versions_compare_as_numbers_and_read_back() {
        let version = |build, number| Version { build, number };
        let (low, high) = (version(1, 99), version(1, 100));
        assert!(low < high && low.padded() < high.padded());
        assert!(high.padded() < version(2, 0).padded());
        assert_eq!(high.padded().parse(), Ok(high));
        assert_eq!(high.to_string().parse(), Ok(high));
    }
}
