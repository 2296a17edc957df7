//! How far something is.

use maud::{Markup, html};

/// A bar: so many of so many, as far as that is known, and the same in words.
pub fn bar(done: i64, all: Option<i64>, words: &str) -> Markup {
    html! {
        div.progress {
            @match all.filter(|all| *all > 0) {
                Some(all) => {
                    progress max=(all) value=(done.clamp(0, all)) aria-label=(words) {}
                }
                None => { progress aria-label=(words) {} }
            }
            p.hint { (words) }
        }
    }
}

/// Seconds in words: `2 h 5 min`, `5 min 3 s`, `4 s`.
pub fn seconds(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {seconds} s"),
        _ => format!("{hours} h {minutes} min"),
    }
}

/// Bytes in words: `812 bytes`, `1.4 MB`, in powers of a thousand.
pub fn bytes(bytes: i64) -> String {
    let mut unit = (1, "bytes");
    for larger in [(1_000, "kB"), (1_000_000, "MB"), (1_000_000_000, "GB")] {
        if bytes >= larger.0 {
            unit = larger;
        }
    }
    let (size, name) = unit;
    if size == 1 {
        return format!("{bytes} {name}");
    }
    format!("{}.{} {name}", bytes / size, bytes % size * 10 / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_told_as_people_say_them() {
        assert_eq!(seconds(4), "4 s");
        assert_eq!(seconds(303), "5 min 3 s");
        assert_eq!(seconds(7_500), "2 h 5 min");
        assert_eq!(bytes(812), "812 bytes");
        assert_eq!(bytes(1_449_999), "1.4 MB");
        assert_eq!(bytes(2_000_000_000), "2.0 GB");
    }

    #[test]
    fn a_bar_never_shows_more_than_all() {
        let shown = bar(12, Some(10), "12 of 10").into_string();
        assert!(
            shown.contains("max=\"10\"") && shown.contains("value=\"10\""),
            "{shown}"
        );
        let unknown = bar(12, None, "12 rows").into_string();
        assert!(!unknown.contains("max="), "{unknown}");
    }
}
