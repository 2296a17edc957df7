//! Members whose absence says something else than their being null.

use serde::{Deserialize, Deserializer};

/// What a patch says of a member (JSON Merge Patch, RFC 7396). Needs
/// `#[serde(default)]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// Absent: it stays as it is.
    #[default]
    Unchanged,
    /// `null`: it is removed.
    Removed,
    /// It is replaced.
    To(T),
}

impl<T> Change<T> {
    /// As the domain's commands have it.
    #[expect(clippy::option_option, reason = "the form of the command")]
    pub fn into_option<U: From<T>>(self) -> Option<Option<U>> {
        match self {
            Self::Unchanged => None,
            Self::Removed => Some(None),
            Self::To(value) => Some(Some(value.into())),
        }
    }
}

impl<T> Change<T> {
    /// What is there after it.
    pub fn or(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Unchanged => present,
            Self::Removed => None,
            Self::To(value) => Some(value),
        }
    }
}

impl<T> Change<Vec<T>> {
    /// The same for a list: removed is empty.
    pub fn into_list<U: From<T>>(self) -> Option<Vec<U>> {
        match self {
            Self::Unchanged => None,
            Self::Removed => Some(Vec::new()),
            Self::To(list) => Some(list.into_iter().map(Into::into).collect()),
        }
    }
}

/// Reads a member that can be replaced and not removed: `null` is none of its
/// values. Needs `#[serde(default, deserialize_with = "given")]`.
pub fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Option::deserialize(deserializer)?;
        Ok(given.map_or(Self::Removed, Self::To))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Patch {
        #[serde(default)]
        value: Change<i32>,
        #[serde(default, deserialize_with = "given")]
        kept: Option<i32>,
    }

    #[test]
    fn what_cannot_be_removed_is_not_null() {
        let read = |text| serde_json::from_str::<Patch>(text).map(|patch| patch.kept);
        assert_eq!(read("{}").expect("absent"), None);
        assert_eq!(read(r#"{"kept": 2}"#).expect("given"), Some(2));
        assert!(read(r#"{"kept": null}"#).is_err());
    }

    #[test]
    fn absent_null_and_given_are_three_things() {
        let read = |text| serde_json::from_str::<Patch>(text).expect("valid").value;
        assert_eq!(read("{}"), Change::Unchanged);
        assert_eq!(read(r#"{"value": null}"#), Change::Removed);
        assert_eq!(read(r#"{"value": 1}"#), Change::To(1));
    }
}
