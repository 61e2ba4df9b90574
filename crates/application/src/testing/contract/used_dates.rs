//! Dates that correspond to occurrences which have begun: a series does not have them, and has all others.

use convene_domain::{
    event::Event,
    occurrence::OccurrenceKey,
    recurrence::{Rule, limits::USED_DATES},
    text::{Location, Title},
    time::{Instant, LocalDateTime, zone::Zone},
};
use time::{Duration, macros::datetime};

use super::{
    environment::Environment,
    support::{FIRST, by_root, by_root_at, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Field, Refusal},
    ports::{EventEdit, EventPatch, NewRecurrence, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{EventBuilder, fresh_uuid},
};

const HOUR: Duration = Duration::HOUR;

fn starting(at: LocalDateTime) -> EventPatch {
    EventPatch { starts_at: Some(at), ..EventPatch::default() }
}

/// A rule with rdates.
fn rule(text: &str, rdates: Vec<LocalDateTime>) -> EventPatch {
    let recurrence = NewRecurrence { rule: Rule::parse(text).unwrap(), exdates: vec![], rdates };
    EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() }
}

async fn edit(tenant: &Tenant, event: &Event, patch: EventPatch, at: Instant) -> Event {
    let edit = edit_of(event.id, patch);
    tenant.ports.events.update(&tenant.scope, edit, &by_root_at(at)).await.unwrap().now
}

async fn change(tenant: &Tenant, event: &Event, number: i64, patch: OccurrencePatch) {
    let occurrence = OccurrenceKey { event: event.id, original_start: day(number) };
    let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
}

fn at(local: LocalDateTime) -> OccurrencePatch {
    OccurrencePatch { starts_at: Some(local), ..OccurrencePatch::default() }
}

/// Asserts that the event takes place on these days, each at nine o'clock or later by a number of hours.
async fn expect(tenant: &Tenant, event: &Event, expected: &[(i64, i64)]) {
    let expected: Vec<Instant> =
        expected.iter().map(|(number, hours)| day(*number) + Duration::hours(*hours)).collect();
    assert_eq!(tenant.listed(&[event], day(-5), day(60)).await, expected);
}

pub(super) async fn a_date_that_is_added_before_a_used_one_is_a_date(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let noon = |number| FIRST + Duration::days(number) + Duration::hours(3);
    // Mondays become Tuesdays after the second one. An organizer adds the noon of the second Tuesday.
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=WEEKLY;COUNT=4")).await;
    let now = day(7) + HOUR;
    let event = edit(&tenant, &event, starting(FIRST + Duration::DAY), now).await;
    expect(&tenant, &event, &[(0, 0), (7, 0), (15, 0), (22, 0)]).await;
    let event = edit(&tenant, &event, rule("FREQ=WEEKLY;COUNT=4", vec![noon(8)]), now).await;
    expect(&tenant, &event, &[(0, 0), (7, 0), (8, 3), (15, 0), (22, 0)]).await;
    // The morning becomes the evening, after that of the third day. An organizer adds the noon of this day.
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let now = day(2) + HOUR;
    let event = edit(&tenant, &event, starting(FIRST + Duration::hours(9)), now).await;
    let event = edit(&tenant, &event, rule("FREQ=DAILY;COUNT=5", vec![noon(2)]), now).await;
    expect(&tenant, &event, &[(0, 0), (1, 0), (2, 0), (2, 3), (3, 9), (4, 9)]).await;
    // The added date is no used one after another move.
    let event = edit(&tenant, &event, starting(FIRST + Duration::hours(10)), now).await;
    expect(&tenant, &event, &[(0, 0), (1, 0), (2, 0), (2, 4), (3, 10), (4, 10)]).await;
}

pub(super) async fn a_start_that_is_corrected_loses_no_date(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 8)).await;
    let title = Title::parse("Concert").ok();
    change(&tenant, &event, 5, OccurrencePatch { title: title.clone(), ..OccurrencePatch::default() }).await;
    let cancelled = OccurrenceKey { event: event.id, original_start: day(4) };
    tenant.ports.events.cancel_occurrence(&tenant.scope, cancelled.into(), &by_root()).await.unwrap();
    let event = edit(&tenant, &event, starting(FIRST - Duration::days(3)), day(2) + HOUR).await;
    expect(&tenant, &event, &[(0, 0), (1, 0), (2, 0), (3, 0), (4, 0)]).await;
    // One more has begun, as the date of the seventh day.
    let event = edit(&tenant, &event, starting(FIRST), day(3) + HOUR).await;
    expect(&tenant, &event, &[(0, 0), (1, 0), (2, 0), (3, 0), (5, 0), (7, 0)]).await;
    let concert = tenant.stored(OccurrenceKey { event: event.id, original_start: day(5) }).await.unwrap();
    assert_eq!(concert.exception.title, title);
    // The date of the fourth day has passed without an occurrence of its own.
    let event = edit(&tenant, &event, starting(FIRST + Duration::days(10)), day(3) + HOUR).await;
    expect(&tenant, &event, &[(0, 0), (1, 0), (2, 0), (3, 0), (13, 0), (15, 0), (17, 0)]).await;
}

pub(super) async fn the_bound_of_used_dates_is_not_ahead(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 20)).await;
    let mut now = day(9) + HOUR;
    for days in [3, -2, 30, 28, -1, 5] {
        let event = edit(&tenant, &event, starting(FIRST + Duration::days(days)), now).await;
        let parts = event.series.parts();
        assert!(parts.used_until.is_none_or(|until| until.as_utc() <= now), "{days}: {:?}", parts.used_until);
        let left = tenant.listed(&[&event], now, day(70)).await;
        assert!(left.iter().all(|start| *start >= day(10 + days)), "{days}: {left:?}");
        now += Duration::DAY;
    }
    // More dates than a series keeps lie ahead.
    let hourly =
        tenant.event(EventBuilder::repeating(FIRST, "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16")).await;
    let now = day(299) + Duration::hours(12);
    let ahead = edit(&tenant, &hourly, starting(FIRST + Duration::days(400)), now).await;
    assert_eq!(ahead.series.parts().used.len(), USED_DATES);
    assert_eq!(ahead.series.between(now, day(900)).next().unwrap().start, day(700));
    let back = edit(&tenant, &ahead, starting(FIRST), now).await;
    assert_eq!(back.series.between(now, day(900)).next().unwrap().start, day(300));
    assert_eq!(back.series.parts().used, []);
}

pub(super) async fn dates_postponed_by_a_move_return_to_their_series(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let seat = tenant.seat(&event, day(1), &tenant.member("ada").await).await;
    change(&tenant, &event, 1, at(FIRST + Duration::days(10))).await;
    change(&tenant, &event, 2, at(FIRST + Duration::days(11))).await;
    let now = day(-1) + HOUR;
    // Each of the two gets the date that the next one leaves.
    for days in [-5, -4, -3] {
        let event = edit(&tenant, &event, starting(FIRST + Duration::days(days)), now).await;
        assert_eq!(tenant.listed(&[&event], day(9), day(12)).await, [day(10), day(11)], "{days}");
        let stored = tenant.stored(tenant.registration_now(&seat).await.occurrence).await.unwrap();
        assert_eq!(stored.original_local, FIRST + Duration::days(1 + days), "{days}");
        assert_eq!(stored.key.original_start, day(1 + days), "{days}");
    }
    let event = edit(&tenant, &event, starting(FIRST), now).await;
    expect(&tenant, &event, &[(0, 0), (3, 0), (4, 0), (5, 0), (10, 0), (11, 0)]).await;
    assert_eq!(tenant.registration_now(&seat).await.occurrence, seat.occurrence);
}

pub(super) async fn a_date_that_a_zone_moves_ahead_is_listed_once(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let berlin = Zone::parse("Europe/Berlin").unwrap();
    let event = tenant.event(EventBuilder::daily(FIRST, 3).zone("Europe/Berlin")).await;
    let instant = |zone: Zone, number: i64, hours: i64| {
        zone.resolve(FIRST + Duration::days(number) + Duration::hours(hours)).instant
    };
    let occurrence = OccurrenceKey { event: event.id, original_start: instant(berlin, 0, 0) };
    let patch = at(FIRST + Duration::hours(9));
    let moved = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, moved, &by_root()).await.unwrap();
    let now = instant(berlin, 0, -1) - Duration::minutes(30);
    let event = edit(&tenant, &event, starting(FIRST - Duration::hours(2)), now).await;
    let listed = tenant.listed(&[&event], day(-1), day(9)).await;
    assert_eq!(listed, [instant(berlin, 0, 9), instant(berlin, 1, -2), instant(berlin, 2, -2)]);
    // Seven o'clock is ahead in London, and has passed in Berlin.
    let london = Zone::parse("Europe/London").unwrap();
    let patch = EventPatch { time_zone: Some(london), ..EventPatch::default() };
    let event = edit(&tenant, &event, patch, now).await;
    let listed = tenant.listed(&[&event], day(-1), day(9)).await;
    assert_eq!(listed, [instant(london, 0, 9), instant(london, 1, -2), instant(london, 2, -2)]);
}

pub(super) async fn what_has_begun_takes_no_date_of_a_member(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let start = FIRST + Duration::days(4) + HOUR;
    for recurrence in [rule("FREQ=DAILY;COUNT=3", vec![]).recurrence, Some(None)] {
        let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
        let seat = tenant.seat(&event, day(4), &ada).await;
        // The first date, which has begun, is as long before the new start as the shift says.
        let event = edit(&tenant, &event, EventPatch { recurrence, ..starting(start) }, day(2) + HOUR).await;
        let now = tenant.registration_now(&seat).await;
        assert_eq!(now.interval.start(), start.as_utc());
        assert_eq!(tenant.listed(&[&event], day(0), day(5)).await, [day(0), day(1), day(2), start.as_utc()]);
        tenant.cancel(&now).await;
    }
}

fn with_exdates(text: &str, exdates: Vec<LocalDateTime>) -> EventPatch {
    let recurrence = NewRecurrence { rule: Rule::parse(text).unwrap(), exdates, rdates: vec![] };
    EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() }
}

pub(super) async fn a_used_date_that_an_organizer_names_is_a_date(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let nine = |number| FIRST + Duration::days(number);
    let now = day(2) + Duration::hours(3);
    let six = "FREQ=DAILY;COUNT=6";
    for (named, expected) in [
        (rule(six, vec![nine(3)]), vec![3, 4, 5, 6]),
        (EventPatch { starts_at: Some(nine(1)), ..rule(six, vec![nine(3)]) }, vec![3, 4, 5, 6]),
        (
            EventPatch { starts_at: Some(nine(0)), ..rule("FREQ=DAILY;COUNT=7", vec![nine(3)]) },
            vec![3, 4, 5, 6],
        ),
        (EventPatch { starts_at: Some(nine(3)), ..rule("FREQ=DAILY;COUNT=4", vec![]) }, vec![3, 4, 5, 6]),
        (EventPatch { starts_at: Some(nine(3)), recurrence: Some(None), ..EventPatch::default() }, vec![3]),
    ] {
        // The fourth day is that of the third occurrence, which has begun.
        let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
        let ada = tenant.member(&format!("user-{}", fresh_uuid().simple())).await;
        let seat = tenant.seat(&event, day(2), &ada).await;
        let event = edit(&tenant, &event, starting(nine(1)), now).await;
        expect(&tenant, &event, &[(0, 0), (1, 0), (2, 0), (4, 0), (5, 0), (6, 0)]).await;
        let told = format!("{named:?}");
        let patch = EventPatch { title: Title::parse("Concert").ok(), ..named };
        let changed = EventEdit { on_affected: OnAffected::CancelRegistrations, ..edit_of(event.id, patch) };
        let changed = tenant.ports.events.update(&tenant.scope, changed, &by_root_at(now)).await.unwrap();
        assert_eq!(changed.cancelled_registrations, 0, "{told}");
        let event = changed.now;
        let all: Vec<Instant> = [0, 1, 2].into_iter().chain(expected).map(day).collect();
        assert_eq!(tenant.listed(&[&event], day(-5), day(60)).await, all, "{told}");
        assert_eq!(tenant.registration_now(&seat).await.interval, seat.interval);
        // It moves like every date.
        if event.series.is_recurring() {
            let start = event.series.first_date() + Duration::DAY;
            let event = edit(&tenant, &event, starting(start), now).await;
            expect(&tenant, &event, &[(0, 0), (1, 0), (2, 0), (4, 0), (5, 0), (6, 0), (7, 0)]).await;
        }
    }
}

pub(super) async fn a_start_that_is_given_with_a_rule_takes_place_today(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let now = day(2) + Duration::hours(3);
    let afternoon = FIRST + Duration::days(2) + Duration::hours(6);
    let patch = EventPatch { starts_at: Some(afternoon), ..rule("FREQ=DAILY;COUNT=3", vec![]) };
    let event = edit(&tenant, &event, patch, now).await;
    expect(&tenant, &event, &[(0, 0), (1, 0), (2, 0), (2, 6), (3, 6), (4, 6)]).await;
}

pub(super) async fn an_rdate_at_the_second_of_a_used_date_in_a_gap_is_a_date(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    // The clocks of Paris skip 2:30 on 30 March 2031, which is the date that corresponds to the first one.
    let start = datetime!(2031-03-12 2:30);
    let gap = datetime!(2031-03-30 3:30);
    let event = tenant.event(EventBuilder::repeating(start, "FREQ=DAILY;COUNT=3").zone("Europe/Paris")).await;
    let paris = event.series.zone();
    let instant = |local: LocalDateTime| paris.resolve(local).instant;
    let now = instant(start) + HOUR;
    let event = edit(&tenant, &event, starting(datetime!(2031-03-30 2:30)), now).await;
    let rest = [datetime!(2031-03-31 2:30), datetime!(2031-04-01 2:30)].map(instant);
    assert_eq!(tenant.listed(&[&event], now, day(60)).await, rest);
    let event = edit(&tenant, &event, rule("FREQ=DAILY;COUNT=3", vec![gap]), now).await;
    assert_eq!(tenant.listed(&[&event], now, day(60)).await, [instant(gap), rest[0], rest[1]]);
}

pub(super) async fn an_rdate_on_the_date_of_an_occurrence_that_took_place_is_refused(
    environment: Environment,
) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    // The fifth took place at noon of the second day.
    change(&tenant, &event, 4, at(FIRST + Duration::hours(27))).await;
    let now = day(2) + Duration::hours(3);
    let fifth = FIRST + Duration::days(4);
    for patch in [
        rule("FREQ=DAILY;COUNT=6", vec![fifth]),
        rule("FREQ=DAILY;COUNT=3", vec![fifth + HOUR, fifth]),
        EventPatch { starts_at: Some(FIRST + Duration::days(3)), ..rule("FREQ=WEEKLY", vec![fifth]) },
    ] {
        let refused =
            tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root_at(now)).await;
        let message = "must not name the date of an occurrence that has begun; choose another time";
        let expected = Refusal::invalid(Field::Recurrence.child(Field::Rdates), message);
        assert_eq!(refusal(refused), expected);
    }
    // One that was an rdate before it took place can stay in the list.
    let event = tenant.event(EventBuilder::daily(FIRST, 3).with(fifth)).await;
    change(&tenant, &event, 4, at(FIRST + Duration::hours(27))).await;
    let event = edit(&tenant, &event, rule("FREQ=DAILY;COUNT=5", vec![fifth]), now).await;
    expect(&tenant, &event, &[(0, 0), (1, 0), (1, 3), (2, 0), (3, 0)]).await;
    let event = edit(&tenant, &event, rule("FREQ=DAILY;COUNT=6", vec![fifth]), now).await;
    expect(&tenant, &event, &[(0, 0), (1, 0), (1, 3), (2, 0), (3, 0), (5, 0)]).await;
}

pub(super) async fn an_exdate_that_is_removed_again_frees_no_used_date(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let nine = |number| FIRST + Duration::days(number);
    let now = day(2) + Duration::hours(3);
    let six = "FREQ=DAILY;COUNT=6";
    let without = |number| with_exdates(six, vec![nine(number)]);
    let again = || rule(six, vec![]);
    let week = || starting(nine(7));
    for (name, patches) in [
        ("neither", vec![week()]),
        ("before the move", vec![without(1), again(), week()]),
        ("across the move", vec![without(1), week(), again()]),
        ("after the move", vec![week(), without(8), again()]),
        ("before and after", vec![without(1), week(), week(), again(), without(7), again()]),
        ("back and forth", vec![without(1), week(), starting(nine(0)), again(), week()]),
        ("the first", vec![without(0), again(), week()]),
        ("the last", vec![without(2), again(), week()]),
        ("twice", vec![without(1), without(2), without(1), again(), week()]),
    ] {
        let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
        // An earlier edit stores the bound.
        let mut event = edit(
            &tenant,
            &event,
            EventPatch { location: Location::parse("Hall").ok(), ..EventPatch::default() },
            now,
        )
        .await;
        for patch in patches {
            event = edit(&tenant, &event, patch, now).await;
            let begun = tenant.listed(&[&event], day(-5), now).await;
            assert_eq!(begun, [day(0), day(1), day(2)], "{name}");
        }
        assert_eq!(tenant.listed(&[&event], now, day(60)).await, [day(10), day(11), day(12)], "{name}");
    }
    // Nothing took place on a date that was excluded before it.
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let event = edit(&tenant, &event, without(1), day(-1)).await;
    let event = edit(&tenant, &event, again(), now).await;
    let event = edit(&tenant, &event, week(), now).await;
    expect(&tenant, &event, &[(0, 0), (2, 0), (8, 0), (10, 0), (11, 0), (12, 0)]).await;
}

pub(super) async fn the_date_of_a_dropped_postponed_occurrence_is_not_used(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let zoned = |name: &str| EventPatch { time_zone: Zone::parse(name).ok(), ..EventPatch::default() };
    let now = day(2) + Duration::hours(13);
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    // Six o'clock of the fourth day has passed in Auckland.
    change(&tenant, &event, 1, at(FIRST + Duration::hours(69))).await;
    let event = edit(&tenant, &event, zoned("Pacific/Auckland"), now).await;
    let event = edit(&tenant, &event, zoned("UTC"), now).await;
    expect(&tenant, &event, &[(0, 0), (2, 0), (3, 0), (4, 0), (5, 0)]).await;
    let event = edit(&tenant, &event, starting(FIRST + Duration::days(7)), now).await;
    expect(&tenant, &event, &[(0, 0), (2, 0), (8, 0), (10, 0), (11, 0), (12, 0)]).await;
}

pub(super) async fn a_postponed_occurrence_keeps_its_date_in_another_zone(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let zoned = |zone: Zone| EventPatch { time_zone: Some(zone), ..EventPatch::default() };
    let (utc, new_york) = (Zone::UTC, Zone::parse("America/New_York").unwrap());
    let now = day(2) + Duration::hours(3);
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let seat = tenant.seat(&event, day(1), &tenant.member("ada").await).await;
    let own = FIRST + Duration::hours(75);
    change(&tenant, &event, 1, at(own)).await;
    let mut event = edit(&tenant, &event, zoned(new_york), now).await;
    for zone in [new_york, utc, new_york] {
        let at = |local: LocalDateTime| zone.resolve(local).instant;
        event = edit(&tenant, &event, zoned(zone), now).await;
        let registration = tenant.registration_now(&seat).await;
        assert_eq!((registration.interval.start(), registration.occurrence), (at(own), seat.occurrence));
        let ahead = [3, 4, 5].map(|number| at(FIRST + Duration::days(number)));
        let expected = [day(0), day(2), ahead[0], at(own), ahead[1], ahead[2]];
        assert_eq!(tenant.listed(&[&event], day(-5), day(60)).await, expected, "{zone:?}");
    }
    // It has used its date.
    let event = edit(&tenant, &event, starting(FIRST + Duration::days(7)), now).await;
    let at = |local: LocalDateTime| new_york.resolve(local).instant;
    let ahead = [10, 11, 12].map(|number| at(FIRST + Duration::days(number)));
    assert_eq!(
        tenant.listed(&[&event], day(-5), day(60)).await,
        [day(0), day(2), at(own), ahead[0], ahead[1], ahead[2]]
    );
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), at(own));
}

pub(super) async fn an_occurrence_that_a_new_zone_drops_leaves_its_id_to_no_other(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let berlin = Zone::parse("Europe/Berlin").unwrap();
    let rule = "FREQ=DAILY;BYHOUR=9,10;COUNT=30";
    let event = tenant.event(EventBuilder::repeating(FIRST, rule).zone("Europe/Berlin")).await;
    let move_to = async |original: i64, own: i64| {
        let original_start = berlin.resolve(FIRST + Duration::hours(original)).instant;
        let occurrence = OccurrenceKey { event: event.id, original_start };
        let patch = at(FIRST + Duration::hours(own));
        let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
        tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
        occurrence
    };
    // Nine and ten o'clock of the sixth day take place at noon and in the evening of the fifth one.
    move_to(5 * 24, 4 * 24 + 3).await;
    let second = move_to(5 * 24 + 1, 4 * 24 + 9).await;
    let seat = tenant.seat(&event, second.original_start, &tenant.member("ada").await).await;
    // The dates move into the past.
    let now = day(4) + Duration::minutes(90);
    let event = edit(&tenant, &event, starting(FIRST - Duration::DAY), now).await;
    let second = tenant.registration_now(&seat).await.occurrence;
    let first = tenant.listing(&[event.id], now, now + HOUR).await.remove(0).key;
    // In Helsinki, noon has passed, and ten o'clock was at the instant of nine o'clock in Berlin.
    let helsinki = Zone::parse("Europe/Helsinki").unwrap();
    let patch = EventPatch { time_zone: Some(helsinki), ..EventPatch::default() };
    let event = edit(&tenant, &event, patch, now).await;
    let evening = helsinki.resolve(FIRST + Duration::hours(4 * 24 + 9)).instant;
    let registration = tenant.registration_now(&seat).await;
    assert!(registration.status.is_active());
    assert_eq!(registration.interval.start(), evening);
    assert_ne!(registration.occurrence, second, "its date is at another instant");
    assert_ne!(registration.occurrence, first);
    let stored = tenant.stored(registration.occurrence).await.unwrap();
    assert_eq!((stored.interval.start(), stored.taken), (evening, 1));
    assert_eq!(tenant.listed(&[&event], now, day(5) - Duration::hours(4)).await, [evening]);
}
