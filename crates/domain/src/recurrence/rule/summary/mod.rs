//! Summaries of rules in English.

mod words;

use ::time::Weekday;

use super::{Frequency, Rule, RuleEnd, Until};
use crate::time::Zone;

/// Describes the rule; an UNTIL in UTC is shown as the day in `zone`.
pub(super) fn summary(rule: &Rule, zone: Zone) -> String {
    let phrases =
        [every(rule), days(rule), weeks(rule), months(rule), times(rule), positions(rule), end(rule, zone)];
    phrases.concat()
}

fn every(rule: &Rule) -> String {
    let unit = unit(rule.frequency());
    if rule.interval() == 1 { format!("every {unit}") } else { format!("every {} {unit}s", rule.interval()) }
}

const fn unit(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::Daily => "day",
        Frequency::Weekly => "week",
        Frequency::Monthly => "month",
        Frequency::Yearly => "year",
    }
}

/// " on the 13th where it is a Friday"
fn days(rule: &Rule) -> String {
    let month_days: Vec<_> = rule.by_month_day().iter().map(|day| words::month_day(*day)).collect();
    let year_days: Vec<_> =
        rule.by_year_day().iter().map(|day| format!("{} day", words::place(*day))).collect();
    let mut phrase = String::new();
    if !month_days.is_empty() {
        phrase.push_str(&format!(" on the {}", words::list(month_days, "and")));
    }
    if !year_days.is_empty() {
        let link = if phrase.is_empty() { " on" } else { " where it is" };
        phrase.push_str(&format!("{link} the {} of the year", words::list(year_days, "and")));
    }
    if phrase.is_empty() && rule.by_weekday().is_empty() && means_every_day(rule) {
        phrase.push_str(" on every day");
    }
    if !rule.by_weekday().is_empty() {
        let narrows = !phrase.is_empty() || rule.frequency() == Frequency::Daily;
        phrase.push_str(&if narrows { narrowing_weekdays(rule) } else { weekdays(rule) });
    }
    phrase
}

/// Returns true if BYWEEKNO alone specifies the days: all days of these weeks.
fn means_every_day(rule: &Rule) -> bool {
    rule.frequency() != Frequency::Daily && !rule.by_week_number().is_empty()
}

/// The days that are not numbered.
fn plain_days(rule: &Rule) -> Vec<Weekday> {
    rule.by_weekday().iter().filter(|day| day.nth.is_none()).map(|day| day.day).collect()
}

/// "first Monday", for each numbered day.
fn numbered_days(rule: &Rule) -> impl Iterator<Item = String> {
    rule.by_weekday().iter().filter_map(|day| day.nth.map(|nth| format!("{} {}", words::place(nth), day.day)))
}

/// " on Monday and Thursday", " on the first Friday and every Monday"
fn weekdays(rule: &Rule) -> String {
    let plain = plain_days(rule);
    if rule.frequency() == Frequency::Weekly {
        return format!(" on {}", words::list(plain, "and"));
    }
    if let ([position], true) = (rule.by_set_position(), picks_weekdays(rule)) {
        return format!(" on the {} {}", words::place(*position), words::weekdays(&plain, "or"));
    }
    let every = (!plain.is_empty()).then(|| format!("every {}", words::weekdays(&plain, "and")));
    let numbered = numbered_days(rule).map(|day| format!("the {day}"));
    format!(" on {}", words::list(numbered.chain(every), "and"))
}

/// " where it is a Monday or Friday"
fn narrowing_weekdays(rule: &Rule) -> String {
    let plain = plain_days(rule);
    let plain = (!plain.is_empty()).then(|| format!("a {}", words::weekdays(&plain, "or")));
    let numbered = numbered_days(rule).map(|day| format!("the {day}"));
    format!(" where it is {}", words::list(numbered.chain(plain), "or"))
}

/// Returns true if BYSETPOS only selects among weekdays, as in "the last weekday".
fn picks_weekdays(rule: &Rule) -> bool {
    let times = rule.by_hour().len().max(1) * rule.by_minute().len().max(1);
    let only_weekdays = rule.by_month_day().is_empty() && rule.by_year_day().is_empty();
    let of_month = rule.frequency() == Frequency::Monthly;
    of_month && only_weekdays && times == 1 && rule.by_weekday().iter().all(|day| day.nth.is_none())
}

/// " in the 20th week"
fn weeks(rule: &Rule) -> String {
    if rule.by_week_number().is_empty() {
        return String::new();
    }
    let weeks = rule.by_week_number().iter().map(|week| words::place(*week));
    format!(" in the {} week of the year", words::list(weeks, "and"))
}

/// " of December" after the days of a yearly rule, " in December" else.
fn months(rule: &Rule) -> String {
    if rule.by_month().is_empty() {
        return String::new();
    }
    let has_days = !rule.by_month_day().is_empty() || !rule.by_weekday().is_empty();
    let link = if rule.frequency() == Frequency::Yearly && has_days { "of" } else { "in" };
    format!(" {link} {}", words::list(rule.by_month().iter().map(|month| words::month(*month)), "and"))
}

/// " at 08:00 and 14:30"
fn times(rule: &Rule) -> String {
    let minutes = || rule.by_minute().iter();
    match (rule.by_hour(), rule.by_minute()) {
        ([], []) => String::new(),
        ([], _) => format!(" at {} minutes past the hour", words::list(minutes(), "and")),
        (hours, []) => {
            let noun = if hours.len() == 1 { "hour" } else { "hours" };
            format!(" in the {noun} of {}", words::list(hours, "and"))
        }
        (hours, _) => {
            let times =
                hours.iter().flat_map(|hour| minutes().map(move |minute| format!("{hour:02}:{minute:02}")));
            format!(" at {}", words::list(times, "and"))
        }
    }
}

/// ", only the first and last of each month"
fn positions(rule: &Rule) -> String {
    let told = rule.by_set_position().len() == 1 && picks_weekdays(rule) && !rule.by_weekday().is_empty();
    if rule.by_set_position().is_empty() || told {
        return String::new();
    }
    let places = rule.by_set_position().iter().map(|position| words::place(*position));
    format!(", only the {} of each {}", words::list(places, "and"), unit(rule.frequency()))
}

/// " until 30 June 2027", ", 10 times"
fn end(rule: &Rule, zone: Zone) -> String {
    let date = match rule.end() {
        RuleEnd::Never => return String::new(),
        RuleEnd::Count(1) => return ", once".to_owned(),
        RuleEnd::Count(count) => return format!(", {count} times"),
        RuleEnd::Until(Until::Instant(instant)) => zone.to_local(instant).date(),
        RuleEnd::Until(Until::Local(local)) => local.date(),
        RuleEnd::Until(Until::Date(date)) => date,
    };
    format!(" until {}", words::date(date))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("FREQ=DAILY", "every day")]
    #[case("FREQ=DAILY;INTERVAL=3;COUNT=10", "every 3 days, 10 times")]
    #[case("FREQ=DAILY;BYMONTH=1;COUNT=1", "every day in January, once")]
    #[case("FREQ=DAILY;BYDAY=SA,SU", "every day where it is a Saturday or Sunday")]
    #[case("FREQ=DAILY;BYHOUR=8,14;BYMINUTE=0,30", "every day at 08:00, 08:30, 14:00 and 14:30")]
    #[case("FREQ=DAILY;BYHOUR=8,14", "every day in the hours of 8 and 14")]
    #[case("FREQ=DAILY;BYMINUTE=0,20", "every day at 0 and 20 minutes past the hour")]
    #[case(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;UNTIL=20270630",
        "every 2 weeks on Monday and Thursday until 30 June 2027"
    )]
    #[case("FREQ=WEEKLY;BYDAY=TU;BYMONTH=6,7,8", "every week on Tuesday in June, July and August")]
    #[case("FREQ=MONTHLY;BYMONTHDAY=2,15", "every month on the 2nd and 15th")]
    #[case("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day")]
    #[case("FREQ=MONTHLY;BYDAY=1FR,-2MO", "every month on the second-to-last Monday and the first Friday")]
    #[case("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "every month on the 13th where it is a Friday")]
    #[case("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "every month on the last weekday")]
    #[case(
        "FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=1,-1",
        "every month on every Monday and Wednesday, only the last and first of each month"
    )]
    #[case("FREQ=YEARLY", "every year")]
    #[case("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25", "every year on the 25th of December")]
    #[case("FREQ=YEARLY;BYMONTH=9;BYDAY=1MO", "every year on the first Monday of September")]
    #[case("FREQ=YEARLY;BYDAY=20MO", "every year on the 20th Monday")]
    #[case("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "every year on every Monday in the 20th week of the year")]
    #[case("FREQ=MONTHLY;BYWEEKNO=20", "every month on every day in the 20th week of the year")]
    #[case("FREQ=DAILY;BYWEEKNO=20", "every day in the 20th week of the year")]
    #[case("FREQ=WEEKLY;BYWEEKNO=20;BYDAY=MO", "every week on Monday in the 20th week of the year")]
    #[case("FREQ=WEEKLY;BYMONTHDAY=13;BYDAY=FR", "every week on the 13th where it is a Friday")]
    #[case("FREQ=MONTHLY;BYYEARDAY=100", "every month on the 100th day of the year")]
    #[case("FREQ=YEARLY;BYYEARDAY=1,-1", "every year on the last day and first day of the year")]
    #[case(
        "FREQ=YEARLY;BYYEARDAY=100;BYDAY=FR",
        "every year on the 100th day of the year where it is a Friday"
    )]
    fn a_rule_reads_like_english(#[case] rule: &str, #[case] english: &str) {
        assert_eq!(Rule::parse(rule).unwrap().summary(), english);
    }

    #[test]
    fn an_instant_is_told_as_the_day_it_is_in_the_zone() {
        let rule = Rule::parse("FREQ=DAILY;UNTIL=20270630T220000Z").unwrap();
        assert_eq!(summary(&rule, Zone::UTC), "every day until 30 June 2027");
        let paris = Zone::parse("Europe/Paris").unwrap();
        assert_eq!(summary(&rule, paris), "every day until 1 July 2027");
    }
}
