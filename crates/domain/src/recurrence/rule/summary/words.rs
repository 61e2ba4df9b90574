//! Numbers, names and lists in English.

use std::fmt::Display;

use ::time::{Date, Month, Weekday};

/// "a", "a and b", "a, b and c".
pub(super) fn list(items: impl IntoIterator<Item = impl Display>, last_link: &str) -> String {
    let mut items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    let Some(last) = items.pop() else { return String::new() };
    if items.is_empty() { last } else { format!("{} {last_link} {last}", items.join(", ")) }
}

/// "1st", "22nd", "113th".
pub(super) fn numeral(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// "first", "third", "last", "second-to-last", "20th", "6th-to-last".
pub(super) fn place(position: i32) -> String {
    let distance = position.unsigned_abs();
    let word = match distance {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        4 => "fourth".to_owned(),
        5 => "fifth".to_owned(),
        _ => numeral(distance),
    };
    match (position > 0, distance) {
        (true, _) => word,
        (false, 1) => "last".to_owned(),
        (false, _) => format!("{word}-to-last"),
    }
}

/// "1st" of a month; "last day", "second-to-last day" from its end.
pub(super) fn month_day(day: i32) -> String {
    if day > 0 { numeral(day.unsigned_abs()) } else { format!("{} day", place(day)) }
}

pub(super) fn month(number: i32) -> String {
    let month = u8::try_from(number).ok().and_then(|number| Month::try_from(number).ok());
    month.map_or_else(|| number.to_string(), |month| month.to_string())
}

/// "30 June 2027"
pub(super) fn date(date: Date) -> String {
    format!("{} {} {}", date.day(), date.month(), date.year())
}

/// "Monday and Friday", or "weekday" for all from Monday to Friday.
pub(super) fn weekdays(days: &[Weekday], last_link: &str) -> String {
    let working = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    if days == working { "weekday".to_owned() } else { list(days, last_link) }
}
