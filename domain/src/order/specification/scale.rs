//! Large orders cost as much per line as small ones.

use super::{Given, commands::*, given, nothing, walk::envelope};
use crate::order::{OrderCommand, Rejection, after, decide, evolve};
use contracts::order as published;
use std::time::{Duration, Instant};

fn of_all(lines: usize, quantity: i64) -> Vec<(String, i64)> {
    let numbers = 1..=lines;
    numbers.map(|n| (format!("l{n}"), quantity)).collect()
}

/// One command each for placing, discounting, calling a quarter off, packing
/// another, shipping, asking back, receiving, closing.
fn course(lines: usize) -> Vec<OrderCommand> {
    let all = of_all(lines, 1);
    let units: Vec<(&str, i64)> = all.iter().map(|(l, q)| (l.as_str(), *q)).collect();
    vec![
        place(vec![taxed(4, "9.99", 17, 301); lines]),
        discount(percent("7.5"), None),
        cancel_lines(&units),
        fulfill(&units),
        ship("f1"),
        deliver("f1"),
        send_back(&units),
        approve("r1"),
        receive("r1", &units),
        close("r1"),
    ]
}

/// The time of each command: decided, folded, published, and folded to the
/// document.
fn run(course: &[OrderCommand]) -> Vec<Duration> {
    let mut order = nothing().order;
    let (mut document, mut version) = (None, 0);
    let timed = course.iter().map(|command| {
        let begun = Instant::now();
        for event in decide(&order, command.clone()).expect("accepted") {
            version += 1;
            order = evolve(std::mem::take(&mut order), &event);
            let after = after(&order, version).expect("sums fit");
            let fact = event.into();
            let event = published::OrderEvent { fact, after };
            let envelope = envelope(&event, version);
            let applied = published::apply(document.take(), &envelope, event);
            document = Some(applied.expect("follows"));
        }
        begun.elapsed()
    });
    timed.collect()
}

/// The quickest of several times, for each command.
fn quickest(course: &[OrderCommand], times: u32) -> Vec<Duration> {
    let more = (1..times).map(|_| run(course));
    more.fold(run(course), |best, new| {
        let both = best.into_iter().zip(new);
        both.map(|(best, new)| best.min(new)).collect()
    })
}

#[test]
fn each_command_on_1114_lines_takes_the_time_of_its_lines() {
    let course = course(1_114);
    let small = quickest(&self::course(111), 20);
    let large = quickest(&course, 10);
    for (command, (small, large)) in course.iter().zip(small.into_iter().zip(large)) {
        // A command that is quick all the same says nothing.
        let per_line = small.max(Duration::from_micros(10)).as_secs_f64() * 1_114.0 / 111.0;
        let factor = large.as_secs_f64() / per_line;
        let command: String = format!("{command:?}").chars().take(16).collect();
        println!("{command:16} {small:>10.1?} {large:>10.1?}, per line {factor:.2} times as long");
        assert!(
            factor < 4.0,
            "{command}: per line {factor:.2} times as long"
        );
    }
}

#[test]
fn an_order_of_1114_lines_goes_out_and_comes_back_in_one_command_each() {
    let order = given(course(1_114));
    let line = &order.order.lines[1_113];
    let counted = (
        line.cancelled,
        line.fulfilled,
        line.delivered,
        line.returned,
    );
    assert_eq!(counted, (1, 1, 1, 1));
    let all = of_all(1_114, 2);
    let units: Vec<(&str, i64)> = all.iter().map(|(l, q)| (l.as_str(), *q)).collect();
    let rest = order.and(cancel_lines(&units));
    assert!(rest.order.lines.iter().all(|l| l.open() == 0));
}

#[test]
fn an_order_of_5000_lines_is_placed_and_one_of_10000_is_refused() {
    let most: Given = given([place(vec![line(1, "1"); 5_000])]);
    let (lines, limit) = (5_001, 5_000);
    most.when(add_line(line(1, "1")))
        .rejects(&Rejection::TooManyLines { lines, limit });
    let lines = 10_000;
    nothing()
        .when(place(vec![line(1, "1"); lines]))
        .rejects(&Rejection::TooManyLines { lines, limit });
}
