//! The cost of the recurrence engine, next to the `rrule` crate.
//!
//! `cargo bench -p convene-domain --bench recurrence` prints one table for each promise of
//! `docs/benchmarks.md`. Instructions are counted where valgrind is installed: they hardly vary between
//! runs and machines, times do.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its tables, and one that cannot go on stops"
)]

mod instructions;
mod sample;
mod work;

use std::time::{Duration, Instant};

use convene_domain::time::Zone;
use convene_domain::time::zone::database_version;
use time::macros::datetime;

use instructions::Counter;
use work::{Engine, Work};

/// Ages of a series in months: how long before the window it started.
const AGES: [(u32, &str); 4] = [(1, "1 month"), (12, "1 year"), (120, "10 years"), (360, "30 years")];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // Started again by `instructions`, under valgrind: only do the work, so many times.
    if let Some((name, repetitions)) = instructions::child_arguments(&arguments) {
        let work = work::all().into_iter().find(|work| work.name == name).map(|work| (work.prepare)());
        if let Some(mut work) = work {
            (0..repetitions).for_each(|_| work());
        }
        return;
    }
    let counter = Counter::find();
    if counter.is_none() {
        println!("valgrind is not installed: no instructions are counted\n");
    }
    print_zones();
    print_windows(counter.as_ref());
    print_works("Streaming from the start, for each occurrence", work::streams(), counter.as_ref());
    print_works("10,000 series, 30 days", work::merges(), counter.as_ref());
    print_works("Worst accepted rules, 30 days in 2090", work::worst_windows(), counter.as_ref());
    print_works("Reading and compiling", work::compiling(), None);
}

/// Zones are built on first use, so that this can be measured only once.
fn print_zones() {
    let start = Instant::now();
    let all: Vec<_> = Zone::all().collect();
    let names = start.elapsed();
    let resolved = all.iter().map(|zone| zone.resolve(datetime!(2026-05-15 9:00)));
    let zones = resolved.inspect(|resolved| _ = std::hint::black_box(resolved)).count();
    let tables = (start.elapsed() - names) / u32::try_from(zones).unwrap();
    println!(
        "Time zones {}: all {zones} names in {}, then {} for each table\n",
        database_version(),
        show(names),
        show(tables)
    );
}

fn print_windows(counter: Option<&Counter>) {
    println!("30 days of a series\n");
    println!("| rule | age | time | rrule crate | ratio | instructions | rrule crate | ratio |");
    println!("|---|---|--:|--:|--:|--:|--:|--:|");
    for rule in work::WINDOW_RULES {
        for (months, age) in AGES {
            let [ours, theirs] =
                [Engine::Convene, Engine::RRuleCrate].map(|engine| work::window(rule, months, engine));
            let times = [&ours, &theirs].map(sample::time);
            let counts = [&ours, &theirs].map(|work| counter.and_then(|counter| counter.count(work)));
            println!(
                "| {} | {age} | {} | {} | {} | {} | {} | {} |",
                rule.name,
                show(times[0]),
                show(times[1]),
                ratio(times[1].as_nanos() as f64, times[0].as_nanos() as f64),
                counts[0].map_or_else(String::new, thousands),
                counts[1].map_or_else(String::new, thousands),
                counts[0]
                    .zip(counts[1])
                    .map_or_else(String::new, |(ours, theirs)| ratio(theirs as f64, ours as f64)),
            );
        }
    }
    println!();
}

fn print_works(title: &str, works: Vec<Work>, counter: Option<&Counter>) {
    println!("{title}\n\n| | time | instructions |\n|---|--:|--:|");
    for work in works {
        let each = work.size.max(1);
        let nanoseconds = sample::time(&work).as_nanos() as f64 / f64::from(each);
        let time = if each > 1 { format!("{nanoseconds:.1} ns") } else { show(sample::time(&work)) };
        let count = counter.and_then(|counter| counter.count(&work)).map(|count| count / u64::from(each));
        println!("| {} | {time} | {} |", work.name, count.map_or_else(String::new, thousands));
    }
    println!();
}

fn show(time: Duration) -> String {
    match time.as_nanos() {
        0..10_000 => format!("{} ns", time.as_nanos()),
        10_000..10_000_000 => format!("{:.1} us", time.as_secs_f64() * 1e6),
        _ => format!("{:.1} ms", time.as_secs_f64() * 1e3),
    }
}

fn ratio(theirs: f64, ours: f64) -> String {
    format!("{:.0}x", theirs / ours.max(1.0))
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}
