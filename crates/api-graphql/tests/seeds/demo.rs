//! The content of the demo data.

use std::collections::HashSet;

use convene_api_graphql::seed::{self, OrganizationSeed, PlannedEvent};
use convene_domain::{member::Role, recurrence::Frequency, time::Instant};
use time::macros::utc_datetime;

use crate::support::demo;

const NOW: Instant = utc_datetime!(2031-03-05 11:00);

fn planned(seeds: &[OrganizationSeed]) -> Vec<PlannedEvent<'_>> {
    seed::plan(seeds, NOW).unwrap().into_iter().flat_map(|plan| plan.events).collect()
}

#[test]
fn the_organization_of_the_examples_exists() {
    let seeds = demo();
    assert!(seeds.len() >= 4, "{}", seeds.len());
    let orchestra = seeds.iter().find(|seed| seed.slug.as_str() == "org-123").unwrap();
    let members: Vec<_> =
        orchestra.members.iter().map(|member| (member.user_id.as_str(), member.role)).collect();
    assert!(members.contains(&("user-456", Role::Admin)), "{members:?}");
    for user in ["user-789", "user-790"] {
        assert!(members.contains(&(user, Role::Member)), "{members:?}");
    }
    assert!(seeds.iter().any(|seed| !seed.issues.is_empty()));
}

#[test]
fn events_are_of_all_kinds() {
    let seeds = demo();
    let events = planned(&seeds);
    assert_eq!(events.len(), 30);
    let rules: Vec<_> = events.iter().filter_map(|event| event.series.rule()).collect();
    assert!(rules.len() < events.len(), "no one-off event");
    for frequency in [Frequency::Daily, Frequency::Weekly, Frequency::Monthly, Frequency::Yearly] {
        assert!(rules.iter().any(|rule| rule.frequency() == frequency), "{frequency:?}");
    }
    let monthly: Vec<_> = rules.iter().filter(|rule| rule.frequency() == Frequency::Monthly).collect();
    assert!(monthly.iter().any(|rule| !rule.by_month_day().is_empty()), "none by day of the month");
    assert!(
        monthly.iter().any(|rule| rule.by_weekday().iter().any(|day| day.nth.is_some())),
        "none by weekday"
    );
    assert!(rules.iter().any(|rule| !rule.by_hour().is_empty()), "no custom rule");
    assert!(events.iter().any(|event| !event.series.exdates().is_empty()), "nothing is left out");
    assert!(events.iter().any(|event| !event.series.rdates().is_empty()), "nothing is added");
    let zones: HashSet<_> = events.iter().map(|event| event.series.zone()).collect();
    assert!(zones.len() >= 5, "{zones:?}");
}

#[test]
fn one_event_is_nearly_full() {
    let seeds = demo();
    let free = |event: &PlannedEvent<'_>| {
        let taken: usize =
            event.seed.registrations.iter().map(|registration| registration.members.len()).sum();
        usize::try_from(event.seed.capacity.get()).unwrap().checked_sub(taken)
    };
    let nearly_full = |event: &&PlannedEvent<'_>| {
        !event.series.is_recurring() && !event.seed.registrations.is_empty() && free(event) == Some(1)
    };
    assert!(planned(&seeds).iter().filter(nearly_full).count() >= 1);
}

#[test]
fn two_one_off_events_of_an_organization_overlap() {
    let seeds = demo();
    let overlap = |seed: &OrganizationSeed| {
        let events = planned(std::slice::from_ref(seed));
        let one_off: Vec<_> = events
            .iter()
            .filter(|event| !event.series.is_recurring())
            .map(|event| {
                let (start, zone) = (event.series.first_start(), event.series.zone());
                event.seed.duration.interval(start, event.series.start(), zone)
            })
            .collect();
        one_off
            .iter()
            .enumerate()
            .any(|(index, first)| one_off[..index].iter().any(|other| other.overlaps(first)))
    };
    assert!(seeds.iter().any(overlap));
}
