//! Expands recurrence rules, one JSON object a line, from standard input to standard output.
//!
//! A line says `{"id", "dtstart", "tzid", "rrule", "exdates", "rdates"}` with wall-clock times such as
//! `19970902T090000`, and either `"limit"`, how many occurrences to list from the first on, or `"window"`,
//! an object of the instants `from` and `to`. The answer is `{"id", "instants"}`, or `{"id", "error"}`
//! with all that is wrong.
//!
//! ```sh
//! cargo run -q -p convene-domain --example expand < crates/domain/tests/data/recurrence.jsonl
//! ```

use std::io::{self, BufRead, Write};

use convene_domain::recurrence::{Rule, Series, SeriesParts};
use convene_domain::time::{Instant, LocalDateTime, Zone};
use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

#[derive(Deserialize)]
struct Request {
    id: String,
    dtstart: String,
    tzid: String,
    #[serde(default)]
    rrule: Option<String>,
    #[serde(default)]
    exdates: Vec<String>,
    #[serde(default)]
    rdates: Vec<String>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    window: Option<Window>,
}

#[derive(Deserialize)]
struct Window {
    from: String,
    to: String,
}

#[derive(Serialize)]
struct Answer {
    id: String,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Instants(Vec<String>),
    Error(String),
}

fn main() -> io::Result<()> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Request>(&line) {
            Ok(request) => Answer {
                id: request.id.clone(),
                outcome: expand(&request).map_or_else(Outcome::Error, Outcome::Instants),
            },
            Err(error) => Answer { id: String::new(), outcome: Outcome::Error(error.to_string()) },
        };
        serde_json::to_writer(&mut output, &answer)?;
        output.write_all(b"\n")?;
    }
    output.flush()
}

fn expand(request: &Request) -> Result<Vec<String>, String> {
    let series = series(request)?;
    let occurrences = match &request.window {
        Some(window) => series.between(instant(&window.from)?, instant(&window.to)?),
        None => series.from_start(),
    };
    let limit = request.limit.unwrap_or(usize::MAX);
    occurrences.take(limit).map(|occurrence| print(occurrence.start)).collect()
}

fn series(request: &Request) -> Result<Series, String> {
    let zone = Zone::parse(&request.tzid).map_err(|error| format!("tzid {error}"))?;
    let rule = request.rrule.as_deref().map(Rule::parse).transpose().map_err(|problems| all(&problems))?;
    let parts = SeriesParts {
        rule,
        exdates: locals(&request.exdates)?,
        rdates: locals(&request.rdates)?,
        ..SeriesParts::once(local(&request.dtstart)?, zone)
    };
    Series::new(parts).map_err(|problems| all(&problems))
}

fn all(problems: &[impl ToString]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn locals(texts: &[String]) -> Result<Vec<LocalDateTime>, String> {
    texts.iter().map(|text| local(text)).collect()
}

fn local(text: &str) -> Result<LocalDateTime, String> {
    let format = format_description!("[year][month][day]T[hour][minute][second]");
    LocalDateTime::parse(text, format).map_err(|error| format!("{text}: {error}"))
}

fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text, &Rfc3339).map_err(|error| format!("{text}: {error}"))
}

fn print(instant: Instant) -> Result<String, String> {
    instant.format(&Rfc3339).map_err(|error| error.to_string())
}
