//! Random rules, as text, and starts for them.

use std::ops::RangeInclusive;

use convene_domain::time::LocalDateTime;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use time::{Date, Duration};

/// The number of cases of a test: `PROPTEST_CASES` if set, otherwise a number for every build.
pub(crate) fn cases(number: u32) -> ProptestConfig {
    let number = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(number);
    ProptestConfig {
        failure_persistence: None,
        max_global_rejects: u32::MAX,
        ..ProptestConfig::with_cases(number)
    }
}

/// A wall-clock time in 1970 to 2035, on a quarter of an hour.
pub(crate) fn start() -> impl Strategy<Value = LocalDateTime> {
    (0..24_000_i64, 0..96_i64).prop_map(|(days, quarters)| {
        let first = Date::from_ordinal_date(1970, 1).unwrap().midnight();
        first + Duration::days(days) + Duration::minutes(quarters * 15)
    })
}

fn numbers(range: RangeInclusive<i32>, most: usize) -> impl Strategy<Value = String> {
    btree_set(range, 1..=most).prop_map(join)
}

/// Numbers that count from either end.
fn from_ends(last: i32, most: usize) -> impl Strategy<Value = String> {
    btree_set((1..=last, prop::bool::weighted(0.3)), 1..=most).prop_map(|set| {
        join(set.into_iter().map(|(number, negative)| if negative { -number } else { number }))
    })
}

fn join<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(",")
}

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

fn weekdays() -> impl Strategy<Value = String> {
    btree_set(0..7_usize, 1..=4).prop_map(|days| join(days.into_iter().map(|day| DAYS[day])))
}

fn numbered_weekdays(last: i32) -> impl Strategy<Value = String> {
    vec((1..=last, any::<bool>(), 0..7_usize), 1..=3).prop_map(|days| {
        join(
            days.into_iter()
                .map(|(nth, last, day)| format!("{}{nth}{}", if last { "-" } else { "" }, DAYS[day])),
        )
    })
}

/// `;NAME=value`, sometimes.
fn maybe(
    likely: f64,
    name: &'static str,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    prop::option::weighted(likely, value)
        .prop_map(move |value| value.map_or_else(String::new, |value| format!(";{name}={value}")))
}

/// `;NAME=value`
fn always(name: &'static str, value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    value.prop_map(move |value| format!(";{name}={value}"))
}

fn concat(parts: impl Strategy<Value = Vec<String>>) -> impl Strategy<Value = String> {
    parts.prop_map(|parts| parts.concat())
}

fn times() -> impl Strategy<Value = String> {
    (maybe(0.15, "BYHOUR", numbers(0..=23, 4)), maybe(0.1, "BYMINUTE", numbers(0..=59, 3)))
        .prop_map(|(hours, minutes)| hours + &minutes)
}

fn interval(most: i32) -> impl Strategy<Value = String> {
    maybe(0.5, "INTERVAL", (1..=most).prop_map(|interval| interval.to_string()))
}

fn week_start() -> impl Strategy<Value = String> {
    maybe(0.3, "WKST", (0..7_usize).prop_map(|day| DAYS[day].to_owned()))
}

fn positions(likely: f64) -> impl Strategy<Value = String> {
    maybe(likely, "BYSETPOS", from_ends(6, 3))
}

/// Any rule that is well formed and has no end; it need not match any start.
pub(crate) fn any_rule() -> impl Strategy<Value = String> {
    // Boxed: strategies are large values, which stacks of tests hardly hold.
    prop_oneof![4 => endless_rule().boxed(), 1 => limited_rule().boxed()]
}

/// Many numbers that count from either end, so that a date is soon found.
fn many_from_ends(last: i32, sizes: RangeInclusive<usize>) -> impl Strategy<Value = String> {
    vec((1..=last, any::<bool>()), sizes).prop_map(|all| {
        join(all.into_iter().map(|(number, negative)| if negative { -number } else { number }))
    })
}

/// A rule with parts that only limit, which the `rrule` crate refuses.
fn limited_rule() -> impl Strategy<Value = String> {
    let year_days = || always("BYYEARDAY", many_from_ends(366, 60..=120));
    let weeks = || always("BYWEEKNO", many_from_ends(53, 10..=25));
    let month_days = || always("BYMONTHDAY", many_from_ends(31, 8..=20));
    let by_year = || {
        prop_oneof![
            year_days().boxed(),
            weeks().boxed(),
            (year_days(), weeks()).prop_map(|(days, weeks)| days + &weeks).boxed(),
            (weeks(), month_days()).prop_map(|(weeks, days)| weeks + &days).boxed(),
            (year_days(), always("BYMONTH", numbers(1..=12, 6)))
                .prop_map(|(days, months)| days + &months)
                .boxed(),
        ]
    };
    let days = || maybe(0.3, "BYDAY", weekdays());
    let daily = (interval(3), by_year(), days(), times(), positions(0.2));
    let by_day = prop_oneof![2 => by_year().boxed(), 1 => month_days().boxed()];
    let weekly = (interval(3), by_day, days(), times(), week_start());
    let by_year_or_start = prop_oneof![3 => by_year().boxed(), 1 => Just(String::new()).boxed()];
    let monthly = (interval(3), by_year_or_start, positions(0.4), times(), week_start());
    prop_oneof![
        daily.prop_map(|(a, b, c, d, e)| ["FREQ=DAILY", &a, &b, &c, &d, &e].concat()).boxed(),
        weekly.prop_map(|(a, b, c, d, e)| ["FREQ=WEEKLY", &a, &b, &c, &d, &e].concat()).boxed(),
        monthly.prop_map(|(a, b, c, d, e)| ["FREQ=MONTHLY", &a, &b, &c, &d, &e].concat()).boxed(),
    ]
}

/// A rule that the `rrule` crate takes too.
pub(crate) fn endless_rule() -> impl Strategy<Value = String> {
    let months = || maybe(0.3, "BYMONTH", numbers(1..=12, 4));
    let daily = (
        interval(40),
        months(),
        maybe(0.3, "BYMONTHDAY", from_ends(31, 4)),
        maybe(0.3, "BYDAY", weekdays()),
        times(),
    )
        .prop_map(|(a, b, c, d, e)| vec!["FREQ=DAILY".to_owned(), a, b, c, d, e]);
    let weekly = (interval(20), months(), maybe(0.7, "BYDAY", weekdays()), times(), week_start())
        .prop_map(|(a, b, c, d, e)| vec!["FREQ=WEEKLY".to_owned(), a, b, c, d, e]);
    let monthly = (
        interval(20),
        months(),
        prop_oneof![
            maybe(0.8, "BYMONTHDAY", from_ends(31, 4)),
            (always("BYDAY", prop_oneof![weekdays(), numbered_weekdays(5)]), positions(0.4))
                .prop_map(|(days, positions)| days + &positions),
            (always("BYMONTHDAY", from_ends(31, 6)), always("BYDAY", weekdays())).prop_map(|(a, b)| a + &b),
        ],
        times(),
    )
        .prop_map(|(a, b, c, d)| vec!["FREQ=MONTHLY".to_owned(), a, b, c, d]);
    let yearly = (
        interval(6),
        prop_oneof![
            months(),
            (always("BYMONTH", numbers(1..=12, 4)), always("BYMONTHDAY", from_ends(31, 4)))
                .prop_map(|(a, b)| a + &b),
            (months(), always("BYDAY", weekdays()), positions(0.3)).prop_map(|(a, b, c)| a + &b + &c),
            always("BYDAY", numbered_weekdays(53)),
            (always("BYMONTH", numbers(1..=12, 3)), always("BYDAY", numbered_weekdays(5)))
                .prop_map(|(a, b)| a + &b),
            (always("BYYEARDAY", from_ends(366, 5)), positions(0.2)).prop_map(|(a, b)| a + &b),
            (always("BYWEEKNO", from_ends(51, 4)), always("BYDAY", weekdays())).prop_map(|(a, b)| a + &b),
        ],
        times(),
        week_start(),
    )
        .prop_map(|(a, b, c, d)| vec!["FREQ=YEARLY".to_owned(), a, b, c, d]);
    prop_oneof![concat(daily), concat(weekly), concat(monthly), concat(yearly)]
}
