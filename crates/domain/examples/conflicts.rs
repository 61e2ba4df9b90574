//! Prints the conflicts between two calendars: embedding the engine, with no input or output but text.
//!
//! The text has two calendars, each of blocks of iCalendar lines that are separated by an empty line. A
//! block is a series; `SUMMARY` names it and `DURATION` tells its minutes. A line `---` separates the
//! calendars. Without anything on standard input a sample is used:
//!
//! ```sh
//! cargo run -q -p convene-domain --example conflicts < /dev/null
//! ```

use std::io::{self, Read, Write};

use convene_domain::overlap;
use convene_domain::recurrence::{Series, SeriesParts, merge};
use convene_domain::time::{Instant, Interval};
use time::Duration;
use time::macros::utc_datetime;

const SAMPLE: &str = "\
SUMMARY:Choir
DURATION:90
DTSTART;TZID=Europe/Paris:20260302T190000
RRULE:FREQ=WEEKLY;BYDAY=MO

SUMMARY:Board meeting
DURATION:120
DTSTART;TZID=Europe/Paris:20260327T180000
RRULE:FREQ=MONTHLY;BYDAY=-1FR
---
SUMMARY:Call with New York
DURATION:30
DTSTART;TZID=America/New_York:20260302T140000
RRULE:FREQ=WEEKLY;BYDAY=MO,FR;COUNT=20
EXDATE;TZID=America/New_York:20260316T140000
";

/// A series with a name and how long each occurrence takes.
struct Entry {
    name: String,
    duration: Duration,
    series: Series,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    if text.trim().is_empty() {
        SAMPLE.clone_into(&mut text);
    }
    let (from, to) = (utc_datetime!(2026-03-01 0:00), utc_datetime!(2026-06-01 0:00));
    write!(io::stdout(), "{}", conflicts(&text, from, to)?)?;
    Ok(())
}

/// The whole program but for reading and writing: text in, text out.
fn conflicts(text: &str, from: Instant, to: Instant) -> Result<String, String> {
    let (left, right) = text.split_once("\n---\n").ok_or("a line of --- must separate two calendars")?;
    let (left, right) = (calendar(left)?, calendar(right)?);
    let pairs = overlap::pairs_between(intervals(&left, from, to), intervals(&right, from, to));
    let lines = pairs.map(|((one, interval), (other, _))| {
        let entries = left.get(one).zip(right.get(other));
        entries.map_or_else(String::new, |(one, other)| {
            let local = one.series.zone().to_local(interval.start());
            format!(
                "{local} {} ({}) and {} ({})\n",
                one.name,
                one.series.summary(),
                other.name,
                other.series.summary()
            )
        })
    });
    Ok(lines.collect())
}

/// The occurrences in a window by start, each with the index of its entry.
fn intervals(entries: &[Entry], from: Instant, to: Instant) -> impl Iterator<Item = (usize, Interval)> {
    let occurrences = entries.iter().map(move |entry| entry.series.overlapping(from, to, entry.duration));
    let starts = merge::by_start(occurrences.enumerate());
    starts.filter_map(|(place, occurrence)| {
        let end = occurrence.start + entries.get(place)?.duration;
        Some((place, Interval::new(occurrence.start, end).ok()?))
    })
}

fn calendar(text: &str) -> Result<Vec<Entry>, String> {
    text.split("\n\n").filter(|block| !block.trim().is_empty()).map(entry).collect()
}

fn entry(block: &str) -> Result<Entry, String> {
    let (mut name, mut minutes, mut rest) = ("nameless", 60, String::new());
    for line in block.lines() {
        if let Some(value) = line.strip_prefix("SUMMARY:") {
            name = value;
        } else if let Some(value) = line.strip_prefix("DURATION:") {
            minutes = value.parse().map_err(|error| format!("DURATION {value}: {error}"))?;
        } else {
            rest.push_str(line);
            rest.push('\n');
        }
    }
    let series = SeriesParts::parse(&rest).and_then(Series::new);
    let series = series.map_err(|problems| {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        format!("{name}: {}", problems.join("; "))
    })?;
    Ok(Entry { name: name.to_owned(), duration: Duration::minutes(minutes), series })
}
