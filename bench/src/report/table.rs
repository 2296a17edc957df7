//! Figures as Markdown.

use super::Newest;
use crate::history::Kept;
use anyhow::Context as _;
use std::{collections::BTreeMap, fmt::Write as _};

/// Puts `new` between the lines `<!-- NAME -->` and `<!-- end of NAME -->`.
///
/// # Errors
/// When one of them is missing, or they are in the wrong order.
pub fn between(text: &str, name: &str, new: &str) -> anyhow::Result<String> {
    let (first, last) = (
        format!("<!-- {name} -->\n"),
        format!("<!-- end of {name} -->"),
    );
    let missing = || format!("the text has no place for {name}");
    let (before, rest) = text.split_once(&first).with_context(missing)?;
    let (_, after) = rest.split_once(&last).with_context(missing)?;
    Ok(format!("{before}{first}\n{}\n\n{last}{after}", new.trim()))
}

/// The lines of the table of figures in `text` whose first cell is `row`: other tables
/// speak of rows too.
fn lines_of<'a>(text: &'a str, row: &str) -> impl Iterator<Item = &'a str> {
    let first = format!("| {row} | ");
    let lines = text.lines().skip_while(|line| *line != "<!-- figures -->");
    let lines = lines.take_while(|line| *line != "<!-- end of figures -->");
    lines.filter(move |line| line.starts_with(&first))
}

/// The table of rows in this order, and below it of which commit and machine they
/// are. What history has nothing of stays as it is in `text`.
pub fn figures(text: &str, newest: &[Newest<'_>], order: &[String]) -> String {
    let mut table =
        "| row | case | ours | yardstick | its figure | ratio (smallest–largest) | aim |\n\
                     |---|---|---|---|---|---|---|\n"
            .to_owned();
    for name in order {
        if let Some(one) = newest.iter().find(|one| one.name == name) {
            let mark = if one.row.noisy { " ~" } else { "" };
            for figure in &one.row.figures {
                table += &line(figure, mark);
            }
        } else {
            for line in lines_of(text, name) {
                table += line;
                table.push('\n');
            }
        }
    }
    if newest.iter().any(|one| one.row.noisy) {
        table += "\n~: the machine was busy with something else meanwhile.\n";
    }
    table + &sources(newest)
}

fn line(figure: &Kept, mark: &str) -> String {
    let Kept {
        row, case, unit, ..
    } = figure;
    let ours = format!("{} {}", number(figure.ours, unit), unit_of(unit));
    let alone = ["itself", "all"].contains(&figure.yardstick.as_str());
    // What may be taken at most is compared with, not divided by.
    let limit = figure.yardstick == "limit";
    let shown = !alone && (!limit || figure.aim.is_some());
    let yardstick = if shown { figure.yardstick.as_str() } else { "" };
    let theirs = if shown {
        number(figure.yardstick_value, unit)
    } else {
        String::new()
    };
    let ratio = if shown && !limit {
        let [ratio, least, most] = [figure.ratio, figure.ratio_min, figure.ratio_max].map(ratio);
        format!("{ratio} ({least}–{most})")
    } else {
        String::new()
    };
    let aim = figure.aim.map_or_else(String::new, |aim| {
        let met = if figure.met { "met" } else { "**missed**" };
        if limit {
            met.to_owned()
        } else {
            format!("{} {met}", (aim * 100.0).round() / 100.0)
        }
    });
    let ours = ours.trim();
    format!("| {row}{mark} | {case} | {ours} | {yardstick} | {theirs} | {ratio} | {aim} |\n")
}

/// A share says what it is of by itself.
fn unit_of(unit: &str) -> &str {
    if unit == "of 1" { "" } else { unit }
}

fn ratio(ratio: f64) -> String {
    if ratio >= 100.0 {
        grouped(ratio)
    } else {
        format!("{ratio:.2}")
    }
}

/// With as many digits as mean something.
fn number(value: f64, unit: &str) -> String {
    let digits = match unit {
        "of 1" => 2,
        "ms" | "kB" => 1,
        "MiB" => 0,
        _ if value.fract() == 0.0 || value.abs() >= 100.0 => 0,
        _ if value.abs() >= 10.0 => 1,
        _ => 2,
    };
    if digits == 0 {
        grouped(value)
    } else {
        format!("{value:.digits$}")
    }
}

/// A whole number with commas.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = if value <= -0.5 {
        "-".to_owned()
    } else {
        String::new()
    };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Which rows are of which commit, how long they took, and with what.
fn sources(newest: &[Newest<'_>]) -> String {
    let mut by_commit: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in newest {
        let took = format!("{} ({:.0} s)", one.name, one.row.seconds);
        by_commit.entry(&one.run.commit).or_default().push(took);
    }
    let mut text = String::new();
    for (commit, rows) in by_commit {
        // Writing into a string does not fail.
        let _ = write!(text, "\nMeasured at `{commit}`: {}.\n", rows.join(", "));
    }
    let last = newest.iter().max_by_key(|one| one.row.at);
    if let Some(last) = last {
        let conditions = &last.run.conditions;
        for (what, named) in [
            ("Machine", &conditions.machine),
            ("Versions", &conditions.versions),
            ("Settings", &conditions.settings),
        ] {
            let pairs = named.iter().filter(|(name, _)| *name != "orderlog");
            let pairs: Vec<_> = pairs
                .map(|(name, value)| format!("{name} {value}"))
                .collect();
            let _ = write!(text, "\n{what}: {}.\n", pairs.join("; "));
        }
    }
    text
}

/// Links to the plots that there are.
pub fn plots(drawn: &[(&str, &str)]) -> String {
    let links = drawn
        .iter()
        .map(|(file, what)| format!("![{what}](performance/{file})"));
    links.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Figure;

    const TEXT: &str = "before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n";

    #[test]
    fn only_what_is_between_the_markers_is_written_anew() -> anyhow::Result<()> {
        let once = between(TEXT, "figures", "| new |\n")?;
        let expected = "before\n<!-- figures -->\n\n| new |\n\n<!-- end of figures -->\nafter\n";
        assert_eq!(once, expected);
        assert_eq!(between(&once, "figures", "| new |\n")?, expected);
        Ok(())
    }

    #[test]
    fn a_text_without_markers_is_left_alone_and_said_so() {
        assert!(between("nothing", "figures", "x").is_err());
        assert!(
            between(
                "<!-- end of figures -->\n<!-- figures -->\n",
                "figures",
                "x"
            )
            .is_err()
        );
    }

    #[test]
    fn a_row_that_was_never_kept_stays_as_it_is() {
        let text = "| read | once | 30 |\n\n<!-- figures -->\n| read | 304 | 1 |  |  |  |  |\n\
                    | gone | x | 1 |  |  |  |  |\n<!-- end of figures -->\n| read | 2 |\n";
        let table = figures(text, &[], &["http".to_owned(), "read".to_owned()]);
        assert!(
            table.ends_with("---|\n| read | 304 | 1 |  |  |  |  |\n"),
            "{table}"
        );
    }

    #[test]
    fn a_line_has_its_ratio_and_whether_the_aim_is_met() {
        let rounds = [(20_033.4, 3_312.0)];
        let (case, aim) = ("64 clients".to_owned(), Some(5.0));
        let figure = Figure::of("append", case, "commands/s", "postgres-es", aim, &rounds);
        let expected = "| append ~ | 64 clients | 20,033 commands/s | postgres-es | 3,312 \
                        | 6.05 (6.05–6.05) | 5 met |\n";
        assert_eq!(line(&Kept::from(&figure), " ~"), expected);
    }

    #[test]
    fn a_figure_without_a_yardstick_has_none_in_the_table() {
        let time = Figure::time("http", "p50".to_owned(), 2.5);
        assert_eq!(
            line(&Kept::from(&time), ""),
            "| http | p50 | 2.5 ms |  |  |  |  |\n"
        );
        let memory = Figure::memory("relay idle".to_owned(), 55.4, Some(40.0));
        let expected = "| memory | relay idle | 55 MiB | limit | 40 |  | **missed** |\n";
        assert_eq!(line(&Kept::from(&memory), ""), expected);
    }
}
