//! What is worth having an answer to before it is asked.

use super::form::{is_moving, question};
use std::collections::{BTreeMap, BTreeSet};
use time::Date;

/// What was asked on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The day.
    pub day: Date,
    /// The question, or a form of it that moves along with the day.
    pub form: String,
    /// In how many minutes, of each process.
    pub asked: i64,
}

/// Each day counts half as much as the next one.
const FADES: f64 = 0.5;
/// What counts less is not worth it: one that was asked once, three days ago.
const LEAST: f64 = 0.2;
/// On so many days a form that moves has to be asked: on one alone every question
/// about today has such forms.
const SEVERAL_DAYS: usize = 2;

#[derive(Default)]
struct Weight {
    asked: f64,
    days: BTreeSet<Date>,
}

/// The questions of today, the most asked first, `most` of them at most. Forms that
/// are the same question today are one.
pub fn rank(noted: &[Noted], today: Date, most: usize) -> Vec<String> {
    let mut forms: BTreeMap<&str, Weight> = BTreeMap::new();
    for Noted { day, form, asked } in noted {
        // The clock of whoever has noted it may be ahead.
        let ago = (today - *day).whole_days().max(0);
        let faded = FADES.powi(i32::try_from(ago).unwrap_or(i32::MAX));
        let weight = forms.entry(form).or_default();
        #[expect(clippy::cast_precision_loss, reason = "a weight")]
        let asked = *asked as f64;
        weight.asked += asked * faded;
        weight.days.insert(*day);
    }
    let mut questions: BTreeMap<String, f64> = BTreeMap::new();
    for (form, weight) in forms {
        let often = !is_moving(form) || weight.days.len() >= SEVERAL_DAYS;
        let Some(question) = question(form, today).filter(|_| often) else {
            continue;
        };
        let known = questions.entry(question).or_default();
        *known = known.max(weight.asked);
    }
    let mut ranked: Vec<_> = questions
        .into_iter()
        .filter(|(_, weight)| *weight >= LEAST)
        .collect();
    ranked.sort_by(|(one, more), (other, less)| less.total_cmp(more).then_with(|| one.cmp(other)));
    ranked.truncate(most);
    ranked.into_iter().map(|(question, _)| question).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::{Duration, macros::date};

    const TODAY: Date = date!(2026 - 03 - 01);

    fn noted(ago: i64, form: &str, asked: i64) -> Noted {
        Noted {
            day: TODAY - Duration::days(ago),
            form: form.to_owned(),
            asked,
        }
    }

    #[test]
    fn what_is_asked_often_and_lately_comes_first() {
        let noted = [
            noted(0, "/once", 1),
            noted(0, "/often", 9),
            noted(1, "/yesterday", 10),
            noted(2, "/both", 4),
            noted(0, "/both", 6),
        ];
        assert_eq!(
            rank(&noted, TODAY, 10),
            ["/often", "/both", "/yesterday", "/once"]
        );
        assert_eq!(rank(&noted, TODAY, 2), ["/often", "/both"]);
    }

    #[test]
    fn what_nobody_asks_any_more_is_forgotten() {
        assert_eq!(rank(&[noted(2, "/a", 1)], TODAY, 10), ["/a"]);
        assert!(rank(&[noted(3, "/a", 1)], TODAY, 10).is_empty());
        assert_eq!(rank(&[noted(3, "/a", 2)], TODAY, 10), ["/a"]);
    }

    #[test]
    fn what_moves_with_the_day_counts_once_it_was_asked_on_several() {
        let form = "/a?from=@-7&to=@1";
        let one_day = [
            noted(1, form, 50),
            noted(1, "/a?from=2026-02-21&to=2026-03-01", 50),
        ];
        assert_eq!(
            rank(&one_day, TODAY, 10),
            ["/a?from=2026-02-21&to=2026-03-01"],
            "that of yesterday"
        );
        let two_days = [noted(1, form, 1), noted(2, form, 1)];
        assert_eq!(
            rank(&two_days, TODAY, 10),
            ["/a?from=2026-02-22&to=2026-03-02"],
            "that of today, which nobody has asked yet"
        );
    }

    #[test]
    fn forms_that_are_one_question_today_are_asked_once() {
        let noted = [
            noted(0, "/a?to=2026-03-02", 3),
            noted(0, "/a?to=@1", 3),
            noted(1, "/a?to=@1", 3),
        ];
        assert_eq!(rank(&noted, TODAY, 10), ["/a?to=2026-03-02"]);
    }

    #[test]
    fn a_clock_that_is_ahead_does_no_harm() {
        assert_eq!(rank(&[noted(-1, "/a", 1)], TODAY, 10), ["/a"]);
    }
}
