//! Arbitrary input: nothing panics, nothing hangs, what is accepted prints and expands.
//!
//! `PROPTEST_CASES=1000000 cargo test --release -p convene-domain --test recurrence fuzz` tries more.

use convene_domain::recurrence::{Rule, Series, SeriesParts};
use convene_domain::time::Zone;
use proptest::collection::vec;
use proptest::prelude::*;
use time::macros::datetime;
use time::{Duration, PrimitiveDateTime};

use crate::rules;

/// Text made of the words of rules, in any order.
fn rule_like() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "FREQ=",
        "DAILY",
        "WEEKLY",
        "MONTHLY",
        "YEARLY",
        "HOURLY",
        ";",
        ";",
        ",",
        "=",
        "INTERVAL=",
        "COUNT=",
        "UNTIL=",
        "BYDAY=",
        "BYMONTH=",
        "BYMONTHDAY=",
        "BYYEARDAY=",
        "BYWEEKNO=",
        "BYHOUR=",
        "BYMINUTE=",
        "BYSECOND=",
        "BYSETPOS=",
        "WKST=",
        "MO",
        "SU",
        "-1FR",
        "53TU",
        "0",
        "1",
        "-1",
        "2",
        "31",
        "366",
        "-366",
        "4294967296",
        "99999999999999999999",
        "20270630",
        "20270630T180000Z",
        "T",
        "Z",
        "+",
        "-",
        " ",
        "\r\n ",
        "\n",
        "S\u{17f}",
        "\u{663}",
        "\0",
        "RRULE:",
        "rrule:",
        "X-A=",
    ]);
    vec(word, 0..24).prop_map(|words| words.concat())
}

fn try_rule(text: &str) {
    let rule = match Rule::parse(text) {
        Ok(rule) => rule,
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(problems.iter().all(|problem| !problem.message.is_empty()));
            return;
        }
    };
    assert_eq!(Rule::parse(&rule.to_string()).as_ref(), Ok(&rule), "{text}");
    assert!(!rule.summary().is_empty());
}

fn try_series(rule: &str, start: PrimitiveDateTime, zone: Zone) {
    let Ok(rule) = Rule::parse(rule) else { return };
    let Ok(series) = Series::new(SeriesParts { rule: Some(rule), ..SeriesParts::once(start, zone) }) else {
        return;
    };
    let starts: Vec<_> = series.from_start().take(50).map(|occurrence| occurrence.start).collect();
    assert!(starts.is_sorted_by(|one, next| one < next));
    assert_eq!(starts.first(), Some(&series.first_start()));
    let end = series.last_start().unwrap_or(datetime!(2099-12-31 0:00).as_utc());
    assert!(series.between(end - Duration::days(400), end + Duration::days(1)).count() <= 24 * 402);
}

proptest! {
    #![proptest_config(rules::cases(2_000))]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        try_rule(&text);
        // A short text may happen to be a zone: GB is.
        prop_assert!(Zone::parse(&text).is_ok_and(|zone| zone.name() == text) || Zone::parse(&text).is_err());
    }

    #[test]
    fn any_text_made_of_words_of_rules_is_answered(text in rule_like()) {
        try_rule(&text);
    }

    #[test]
    fn any_rule_expands(
        rule in rules::any_rule(),
        end in prop_oneof![Just(String::new()), (1..20_000_i32).prop_map(|count| format!(";COUNT={count}")), (1970..2110_i32).prop_map(|year| format!(";UNTIL={year}0630"))],
        start in rules::start(),
        zone in prop::sample::select(Zone::all().collect::<Vec<_>>()),
    ) {
        try_rule(&format!("{rule}{end}"));
        try_series(&format!("{rule}{end}"), start, zone);
    }
}

#[test]
fn long_input_is_refused_without_being_read() {
    for piece in ["FREQ=DAILY;", ";", ",", "1,", "FREQ=YEARLY;BYYEARDAY=1,", "\r\n ", "\u{663}"] {
        let problems = Rule::parse(&piece.repeat(64 * 1024 / piece.len())).unwrap_err();
        assert_eq!(problems.len(), 1, "{piece}: {problems:?}");
    }
}
