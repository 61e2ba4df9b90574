//! Demo data with real dates.

use convene_application::{
    event::{CreateEventCommand, Length},
    ports::NewRecurrence,
};
use convene_domain::{
    recurrence::{Series, SeriesOccurrence},
    time::Instant,
};

use super::{
    check::{EventSeed, OrganizationSeed},
    problem::{ItemReporter, Problems, Reporter},
};

/// The demo data of an organization, with real dates.
#[derive(Clone, Debug)]
pub struct Plan<'seed> {
    pub seed: &'seed OrganizationSeed,
    pub events: Vec<PlannedEvent<'seed>>,
}

/// An event with real dates.
#[derive(Clone, Debug)]
pub struct PlannedEvent<'seed> {
    pub seed: &'seed EventSeed,
    pub series: Series,
}

/// Computes the dates of all organizations relative to `now`.
///
/// # Errors
/// All dates that cannot be computed, such as those of a rule without a date.
pub fn plan(seeds: &[OrganizationSeed], now: Instant) -> Result<Vec<Plan<'_>>, Problems> {
    let mut problems = Vec::new();
    let mut plans = Vec::new();
    for seed in seeds {
        let mut reporter = Reporter::of_file(&seed.file);
        let mut events = Vec::new();
        for event in &seed.events {
            let mut reporter = reporter.item(&event.item);
            match event.dates.place(event.time_zone, now) {
                Ok(series) => {
                    check_registrations(event, &series, now, &mut reporter);
                    events.push(PlannedEvent { seed: event, series });
                }
                Err(of_event) => {
                    of_event.into_iter().for_each(|(field, message)| reporter.report(field, message));
                }
            }
        }
        problems.extend(reporter.into_problems());
        plans.push(Plan { seed, events });
    }
    if problems.is_empty() { Ok(plans) } else { Err(Problems(problems)) }
}

/// The n-th occurrence of a series that starts after `now`, counted from 1.
pub(super) fn upcoming_occurrence(series: &Series, now: Instant, number: usize) -> Option<SeriesOccurrence> {
    let before = number.checked_sub(1)?;
    series.between(now, Instant::MAX).filter(|occurrence| occurrence.start > now).nth(before)
}

fn check_registrations(event: &EventSeed, series: &Series, now: Instant, reporter: &mut ItemReporter<'_>) {
    for (index, registration) in event.registrations.iter().enumerate() {
        if upcoming_occurrence(series, now, registration.occurrence).is_none() {
            let field = format!("registrations[{index}].occurrence");
            reporter.report(field, "names an upcoming occurrence that does not exist");
        }
    }
}

impl PlannedEvent<'_> {
    /// The command that creates the event.
    pub(super) fn command(&self) -> CreateEventCommand {
        let EventSeed { title, description, location, time_zone, duration, capacity, policy, .. } = self.seed;
        let recurrence = self.series.rule().map(|rule| NewRecurrence {
            rule: rule.clone(),
            exdates: self.series.exdates().to_vec(),
            rdates: self.series.rdates().to_vec(),
        });
        CreateEventCommand {
            title: title.clone(),
            description: description.clone(),
            location: location.clone(),
            time_zone: Some(*time_zone),
            starts_at: self.series.start(),
            length: Length::Duration(*duration),
            recurrence,
            capacity: *capacity,
            policy: *policy,
        }
    }
}
