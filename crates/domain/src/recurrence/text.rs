//! Elements of iCalendar text that rules and dates share.

use std::borrow::Cow;

use ::time::{Date, Month, Time};

use crate::time::{Instant, LocalDateTime};

/// A date or a date with a time, in the form of RFC 5545, sections 3.3.4 and 3.3.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateValue {
    /// `20270630T160000Z`
    Instant(Instant),
    /// `20270630T180000`
    Local(LocalDateTime),
    /// `20270630`
    Date(Date),
}

/// Joins folded lines (RFC 5545, section 3.1) by removing each line break and the space or tab after it.
pub(super) fn unfold(text: &str) -> Cow<'_, str> {
    if !text.contains('\n') {
        return Cow::Borrowed(text);
    }
    let plain = text.replace("\r\n", "\n");
    Cow::Owned(plain.replace("\n ", "").replace("\n\t", ""))
}

/// Parses a date or a date with a time, in upper case.
pub(super) fn date_value(value: &str) -> Option<DateValue> {
    if let Some(local) = value.strip_suffix('Z') {
        return local_time(local).map(|local| DateValue::Instant(local.as_utc()));
    }
    if value.len() == 8 {
        return date(value).map(DateValue::Date);
    }
    local_time(value).map(DateValue::Local)
}

/// Parses `20270630T180000`.
pub(super) fn local_time(value: &str) -> Option<LocalDateTime> {
    let (day, time) = value.split_once('T')?;
    let [hour, minute, second] = digits::<6>(time)?.as_chunks::<2>().0.try_into().ok().map(pairs)?;
    // A leap second becomes the second before it.
    let time = Time::from_hms(hour, minute, second.min(59)).ok().filter(|_| second <= 60)?;
    Some(LocalDateTime::new(date(day)?, time))
}

fn date(value: &str) -> Option<Date> {
    let [century, year, month, day] = digits::<8>(value)?.as_chunks::<2>().0.try_into().ok().map(pairs)?;
    let year = i32::from(century) * 100 + i32::from(year);
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

/// The values of exactly `N` digits.
fn digits<const N: usize>(value: &str) -> Option<[u8; N]> {
    let bytes: [u8; N] = value.as_bytes().try_into().ok()?;
    bytes.iter().all(u8::is_ascii_digit).then(|| bytes.map(|byte| byte - b'0'))
}

fn pairs<const N: usize>(digits: [[u8; 2]; N]) -> [u8; N] {
    digits.map(|[tens, ones]| tens * 10 + ones)
}
