//! The measured work items.

use std::hint::black_box;

use convene_domain::recurrence::{Occurrences, Rule, Series, SeriesParts, merge};
use convene_domain::time::{Instant, LocalDateTime, Zone};
use rrule::{RRule, RRuleSet, Unvalidated};
use time::macros::{datetime, utc_datetime};
use time::{Duration, Month};

/// A piece of work that can be done again and again.
pub(crate) struct Work {
    pub(crate) name: String,
    /// The number of occurrences per repetition, if the cost per occurrence is reported.
    pub(crate) size: u32,
    /// Does what must be done once, and answers with one repetition.
    pub(crate) prepare: Box<dyn Fn() -> Box<dyn FnMut()>>,
}

impl Work {
    fn new<F: FnMut() + 'static>(name: impl Into<String>, prepare: impl Fn() -> F + 'static) -> Self {
        Self { name: name.into(), size: 1, prepare: Box::new(move || Box::new(prepare())) }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Engine {
    Convene,
    RRuleCrate,
}

#[derive(Clone, Copy)]
pub(crate) struct WindowRule {
    pub(crate) name: &'static str,
    rule: &'static str,
    /// In the month that a series starts in.
    start_day: u8,
}

pub(crate) const WINDOW_RULES: [WindowRule; 4] = [
    WindowRule { name: "daily", rule: "FREQ=DAILY", start_day: 15 },
    WindowRule { name: "weekly, 3 days", rule: "FREQ=WEEKLY;BYDAY=MO,WE,FR", start_day: 0 },
    WindowRule { name: "monthly, 2nd Tuesday", rule: "FREQ=MONTHLY;BYDAY=2TU", start_day: 0 },
    WindowRule { name: "yearly, by year day", rule: "FREQ=YEARLY;BYYEARDAY=100,150,200", start_day: 0 },
];

const WINDOW_START: Instant = utc_datetime!(2026-05-15 0:00);

/// Everything, to be found by name.
pub(crate) fn all() -> Vec<Work> {
    let engines = [Engine::Convene, Engine::RRuleCrate];
    let mut all = Vec::new();
    for rule in WINDOW_RULES {
        for (age, _) in crate::AGES {
            all.extend(engines.map(|engine| window(rule, age, engine)));
        }
    }
    all.extend(streams().into_iter().chain(merges()).chain(worst_windows()).chain(compiling()));
    all
}

/// 30 days of a series that started `age` months before.
pub(crate) fn window(rule: WindowRule, age: u32, engine: Engine) -> Work {
    let name = format!("{engine:?} {} {age}", rule.name);
    match engine {
        Engine::Convene => Work::new(name, move || {
            let series = series(rule.rule, window_start(rule, age), "Europe/Paris");
            move || {
                black_box(
                    series.between(WINDOW_START, WINDOW_START + Duration::days(30)).map(black_box).count(),
                );
            }
        }),
        Engine::RRuleCrate => Work::new(name, move || {
            let set = rrule_set(rule.rule, window_start(rule, age));
            move || drop(black_box(set.clone().all(100)))
        }),
    }
}

/// The first date of the rule in the month that is `age` months before the window.
fn window_start(rule: WindowRule, age: u32) -> LocalDateTime {
    let months = 2026 * 12 + 4 - i32::try_from(age).unwrap();
    let month = Month::try_from(u8::try_from(months % 12 + 1).unwrap()).unwrap();
    let first = time::Date::from_calendar_date(months / 12, month, 1).unwrap().with_hms(9, 0, 0).unwrap();
    if rule.start_day > 0 {
        return first.replace_day(rule.start_day).unwrap();
    }
    let parsed = Rule::parse(rule.rule).unwrap();
    let fits = |start: &LocalDateTime| {
        Series::new(SeriesParts { rule: Some(parsed.clone()), ..SeriesParts::once(*start, Zone::UTC) })
            .is_ok()
    };
    (0..366).map(|days| first - Duration::days(days)).find(fits).unwrap()
}

fn series(rule: &str, start: LocalDateTime, zone: &str) -> Series {
    let rule = Some(Rule::parse(rule).unwrap());
    Series::new(SeriesParts { rule, ..SeriesParts::once(start, Zone::parse(zone).unwrap()) }).unwrap()
}

fn rrule_set(rule: &str, start: LocalDateTime) -> RRuleSet {
    use chrono::TimeZone;
    let zone = rrule::Tz::Europe__Paris;
    let at = |instant: Instant| zone.timestamp_opt(instant.unix_timestamp(), 0).unwrap();
    let start = at(Zone::parse("Europe/Paris").unwrap().resolve(start).instant);
    let rule: RRule<Unvalidated> = rule.parse().unwrap();
    let set = RRuleSet::new(start).rrule(rule.validate(start).unwrap());
    set.after(at(WINDOW_START)).before(at(WINDOW_START + Duration::days(30)))
}

/// Whole series, occurrence by occurrence.
pub(crate) fn streams() -> Vec<Work> {
    let rules = [
        ("daily", "FREQ=DAILY;COUNT=10000"),
        ("weekly", "FREQ=WEEKLY;COUNT=6000"),
        ("weekly, 3 days", "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=10000"),
        ("monthly", "FREQ=MONTHLY;BYMONTHDAY=5;COUNT=1500"),
        ("monthly, 1st Monday", "FREQ=MONTHLY;BYDAY=1MO;COUNT=1500"),
        ("yearly", "FREQ=YEARLY;COUNT=128"),
    ];
    let works = rules.map(|(name, rule)| {
        let start = datetime!(1970-01-05 9:00);
        let size = series(rule, start, "Europe/Paris").from_start().count();
        let work = Work::new(format!("stream {name}"), move || {
            let series = series(rule, start, "Europe/Paris");
            move || {
                series.from_start().for_each(|occurrence| _ = black_box(occurrence));
            }
        });
        Work { size: u32::try_from(size).unwrap(), ..work }
    });
    works.into()
}

fn calendar() -> Vec<(u32, Series)> {
    let rules =
        ["FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=MONTHLY;BYMONTHDAY=5", "FREQ=DAILY;INTERVAL=3"];
    let zones = ["Europe/Paris", "America/New_York", "Asia/Tokyo", "UTC"];
    let mut all = Vec::new();
    for key in 0..10_000_u32 {
        let place = key as usize;
        let start = datetime!(2020-10-05 0:00) + Duration::minutes(i64::from(key % 96) * 15);
        all.push((key, series(rules[place % 4], start, zones[place / 4 % 4])));
    }
    all
}

/// 30 days of each series.
fn windows(all: &[(u32, Series)]) -> impl Iterator<Item = (u32, Occurrences<'_>)> {
    all.iter().map(|(key, series)| (*key, series.between(WINDOW_START, WINDOW_START + Duration::days(30))))
}

/// Many series at once.
pub(crate) fn merges() -> Vec<Work> {
    vec![
        Work::new("first 50", move || {
            let all = calendar().leak();
            move || drop(black_box(merge::first(50, windows(all))))
        }),
        Work::new("first 50, lazily", move || {
            let all = calendar().leak();
            move || merge::by_start(windows(all)).take(50).for_each(|item| _ = black_box(item))
        }),
        Work::new("all", move || {
            let all = calendar().leak();
            move || drop(black_box(merge::all(windows(all))))
        }),
        Work::new("all, lazily", move || {
            let all = calendar().leak();
            move || merge::by_start(windows(all)).for_each(|item| _ = black_box(item))
        }),
    ]
}

/// Rules made to cost as much as can be: nearly never a date, or very many to choose from.
const WORST: [(&str, LocalDateTime, &str); 12] = [
    ("leap day in a 7-day step", datetime!(1972-02-29 9:00), "FREQ=DAILY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29"),
    ("leap day on Tuesday, daily", datetime!(1972-02-29 9:00), "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TU"),
    (
        "leap day on Tuesday, yearly",
        datetime!(1972-02-29 9:00),
        "FREQ=YEARLY;BYYEARDAY=60;BYMONTH=2;BYDAY=TU",
    ),
    ("366th day, every 1,000 years", datetime!(1972-12-31 9:00), "FREQ=YEARLY;INTERVAL=1000;BYYEARDAY=366"),
    (
        "31st on a leap Friday, monthly",
        datetime!(1980-02-29 9:00),
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=FR",
    ),
    (
        "24 times a day",
        datetime!(1970-01-01 0:00),
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23",
    ),
    (
        "picks among a month's 744",
        datetime!(1970-01-01 0:00),
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYSETPOS=1,100,-1,-300",
    ),
    (
        "picks among a year's 8,784",
        datetime!(1970-01-01 0:00),
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYSETPOS=1,100,-1,-300",
    ),
    (
        "a pick that is rarely there",
        datetime!(1970-01-31 0:00),
        "FREQ=MONTHLY;INTERVAL=999;BYMONTHDAY=31;BYHOUR=0,1;BYSETPOS=1",
    ),
    (
        "366th day on Sunday in a 33-day step",
        datetime!(1972-12-31 9:00),
        "FREQ=DAILY;INTERVAL=33;BYYEARDAY=366;BYDAY=SU",
    ),
    ("366th day in a 9-week step", datetime!(1972-12-31 9:00), "FREQ=WEEKLY;INTERVAL=9;BYYEARDAY=366"),
    (
        "366th day, monthly, a pick that is rarely there",
        datetime!(1972-12-31 10:00),
        "FREQ=MONTHLY;BYYEARDAY=366;BYWEEKNO=52;BYHOUR=9,10;BYSETPOS=2",
    ),
];

pub(crate) fn worst_windows() -> Vec<Work> {
    let works = WORST.map(|(name, start, rule)| {
        Work::new(format!("window: {name}"), move || {
            let series = series(rule, start, "Europe/Paris");
            let from = utc_datetime!(2090-01-01 0:00);
            move || series.between(from, from + Duration::days(30)).for_each(|item| _ = black_box(item))
        })
    });
    let next = WORST.map(|(name, start, rule)| {
        Work::new(format!("next after: {name}"), move || {
            let series = series(rule, start, "Europe/Paris");
            let (from, to) = (utc_datetime!(2073-01-01 0:00), utc_datetime!(2101-01-01 0:00));
            move || _ = black_box(series.between(from, to).next())
        })
    });
    works.into_iter().chain(next).collect()
}

/// From text to a compiled series.
pub(crate) fn compiling() -> Vec<Work> {
    let rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;UNTIL=20301231";
    let start = datetime!(2026-01-01 9:00);
    let mut works = vec![
        Work::new("parse a common rule", move || move || drop(black_box(Rule::parse(black_box(rule))))),
        Work::new("compile a common series", move || {
            move || drop(black_box(series(black_box(rule), start, "Europe/Paris")))
        }),
        Work::new("parse 8 KiB of year days", || {
            let text = format!("FREQ=YEARLY;BYYEARDAY={}1", "-365,".repeat(1633));
            move || drop(black_box(Rule::parse(black_box(&text))))
        }),
        Work::new("parse 8 KiB of semicolons", || {
            let text = ";".repeat(8192);
            move || drop(black_box(Rule::parse(black_box(&text))))
        }),
        Work::new("parse 64 KiB", || {
            let text = "FREQ=DAILY;".repeat(6000);
            move || drop(black_box(Rule::parse(black_box(&text))))
        }),
    ];
    works.extend(WORST.map(|(name, start, rule)| {
        Work::new(format!("compile: {name}"), move || {
            move || drop(black_box(series(black_box(rule), start, "Europe/Paris")))
        })
    }));
    works.push(Work::new("compile: COUNT=10000, 24 a day", || {
        let rule =
            "FREQ=DAILY;COUNT=10000;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23";
        move || drop(black_box(series(rule, datetime!(1970-01-01 0:00), "Europe/Paris")))
    }));
    works
}
