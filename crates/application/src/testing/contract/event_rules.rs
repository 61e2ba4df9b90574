//! Edits that give a rule: which occurrences are the same before and after.

use convene_domain::{
    event::{Event, EventStatus},
    occurrence::OccurrenceKey,
    recurrence::Rule,
    text::Title,
    time::{Instant, LocalDateTime},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, by_root, by_root_at, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Outcome, Refusal},
    ports::{Changed, EventEdit, EventPatch, NewRecurrence, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::EventBuilder,
};

fn rule(text: &str, exdates: &[LocalDateTime], rdates: &[LocalDateTime]) -> EventPatch {
    let rule = Rule::parse(text).unwrap();
    let recurrence = NewRecurrence { rule, exdates: exdates.to_vec(), rdates: rdates.to_vec() };
    EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() }
}

fn starting(hours: i64, patch: EventPatch) -> EventPatch {
    EventPatch { starts_at: Some(FIRST + Duration::hours(hours)), ..patch }
}

async fn edit(
    tenant: &Tenant,
    event: &Event,
    patch: EventPatch,
    on_affected: OnAffected,
) -> Outcome<Changed<Event>> {
    let edit = EventEdit { on_affected, ..edit_of(event.id, patch) };
    tenant.ports.events.update(&tenant.scope, edit, &by_root()).await
}

fn at(event: &Event, original_start: Instant) -> OccurrenceKey {
    OccurrenceKey { event: event.id, original_start }
}

pub(super) async fn a_dropped_date_does_not_take_the_date_of_a_live_one(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=DAILY;BYHOUR=9,10;COUNT=20")).await;
    let crowd = tenant.crowd(2).await;
    let nine = tenant.seat(&event, day(2), &crowd[0]).await;
    let ten = tenant.seat(&event, day(2) + Duration::HOUR, &crowd[1]).await;
    // Every day at 10:00 is a part of the series, so nothing moves, and 9:00 is dropped.
    let only_ten = starting(1, rule("FREQ=DAILY;BYHOUR=10;COUNT=10", &[], &[]));
    let refused = edit(&tenant, &event, only_ten, OnAffected::Refuse).await;
    let registrations = vec![nine.clone()];
    assert_eq!(refusal(refused), Refusal::RegistrationsAffected { count: 1, registrations });

    // 9:00 is excluded on this day, and 10:00 stays.
    let nine_local = FIRST + Duration::days(2);
    let without = rule("FREQ=DAILY;BYHOUR=9,10;COUNT=20", &[nine_local], &[]);
    let refused = edit(&tenant, &event, without.clone(), OnAffected::Refuse).await;
    let registrations = vec![nine.clone()];
    assert_eq!(refusal(refused), Refusal::RegistrationsAffected { count: 1, registrations });
    let changed = edit(&tenant, &event, without, OnAffected::CancelRegistrations).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 1);
    assert_eq!(tenant.registration_now(&ten).await, ten);

    // The dropped date is not in the way of what moves onto it, and of what moves on.
    for hours in [1, 2, -1, 0] {
        let patch = EventPatch { starts_at: Some(FIRST + Duration::hours(hours)), ..EventPatch::default() };
        edit(&tenant, &event, patch, OnAffected::Refuse).await.unwrap();
        let now = tenant.registration_now(&ten).await;
        assert_eq!(now.interval.start(), day(2) + Duration::hours(hours + 1));
    }
    // The date comes back, and is free.
    edit(&tenant, &event, rule("FREQ=DAILY;BYHOUR=9,10;COUNT=20", &[], &[]), OnAffected::Refuse)
        .await
        .unwrap();
    assert_eq!(tenant.registration_now(&ten).await, ten);
    let again = tenant.seat(&event, day(2), &crowd[0]).await;
    assert_eq!(tenant.counts(again.occurrence).await, (1, 0));
}

pub(super) async fn a_cancelled_date_does_not_take_the_new_date_of_a_live_one(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=DAILY;BYHOUR=9,14;COUNT=20")).await;
    let ada = tenant.member("ada").await;
    let two = Duration::hours(5);
    let seat = tenant.seat(&event, day(2) + two, &ada).await;
    tenant
        .ports
        .events
        .cancel_occurrence(&tenant.scope, at(&event, day(2)).into(), &by_root())
        .await
        .unwrap();
    let local = FIRST + Duration::days(2);
    let patch = rule("FREQ=DAILY;BYHOUR=9,14;COUNT=20", &[local, local + two], &[local + Duration::hours(6)]);
    let journal = tenant.journal().await;
    edit(&tenant, &event, patch, OnAffected::Refuse).await.unwrap();
    let now = tenant.registration_now(&seat).await;
    assert_eq!(now.interval.start(), day(2) + Duration::hours(6));
    // What was cancelled is gone, which the log tells.
    journal
        .expect([
            ("event.updated", event.id.to_string()),
            ("occurrence.dropped", at(&event, day(2)).to_string()),
        ])
        .await;
}

pub(super) async fn a_cancelled_date_leaves_the_date_that_a_start_gives_it(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=DAILY;BYHOUR=9,14;COUNT=20")).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(2) + Duration::hours(5), &ada).await;
    for number in [2, 3] {
        let key = at(&event, day(number));
        tenant.ports.events.cancel_occurrence(&tenant.scope, key.into(), &by_root()).await.unwrap();
    }
    let journal = tenant.journal().await;
    let patch = starting(6, rule("FREQ=DAILY;COUNT=10", &[], &[]));
    let changed = edit(&tenant, &event, patch, OnAffected::Refuse).await.unwrap();
    let now = tenant.registration_now(&seat).await;
    assert_eq!(now.interval.start(), day(2) + Duration::hours(6));
    assert_eq!(
        changed.dropped_exceptions.iter().map(|one| one.key).collect::<Vec<_>>(),
        [at(&event, day(2))]
    );
    journal
        .expect([
            ("event.updated", event.id.to_string()),
            ("occurrence.dropped", at(&event, day(2)).to_string()),
        ])
        .await;
    // Where nobody needs the date, it stays cancelled.
    let listed = tenant.listed_with_cancelled(&[&event], day(2), day(4)).await;
    let statuses = listed.into_iter().map(|(_, status)| status);
    assert_eq!(statuses.collect::<Vec<_>>(), [EventStatus::Scheduled, EventStatus::Cancelled]);
}

pub(super) async fn held_occurrences_are_matched_before_empty_ones(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=DAILY;BYHOUR=9,14;COUNT=20")).await;
    let ada = tenant.member("ada").await;
    let two = Duration::hours(5);
    let title = Title::parse("Concert").unwrap();
    let renamed = OccurrenceEdit {
        occurrence: at(&event, day(2)),
        patch: OccurrencePatch { title: Some(title), ..OccurrencePatch::default() },
        on_affected: OnAffected::Refuse,
    };
    tenant.ports.events.update_occurrence(&tenant.scope, renamed, &by_root()).await.unwrap();
    let seat = tenant.seat(&event, day(2) + two, &ada).await;
    let local = FIRST + Duration::days(2);
    let patch = rule("FREQ=DAILY;BYHOUR=9,14;COUNT=20", &[local, local + two], &[local + Duration::hours(8)]);
    edit(&tenant, &event, patch, OnAffected::Refuse).await.unwrap();
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), day(2) + Duration::hours(8));
}

pub(super) async fn a_date_that_is_in_both_series_is_taken_by_itself(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=DAILY;BYHOUR=9,10;COUNT=20")).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(2), &ada).await;
    // Nobody is registered for 10:00, but it is another occurrence.
    let without = rule("FREQ=DAILY;BYHOUR=9,10;COUNT=20", &[FIRST + Duration::days(2)], &[]);
    let refused = edit(&tenant, &event, without, OnAffected::Refuse).await;
    assert_eq!(refusal(refused), Refusal::RegistrationsAffected { count: 1, registrations: vec![seat] });
}

/// Such an edit must give a start, because the old one is no date of the rule any more.
pub(super) async fn a_rule_that_only_removes_dates_moves_none(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let crowd = tenant.crowd(2).await;
    for (before, start, after, held) in [
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=9", 2, "FREQ=WEEKLY;BYDAY=WE,FR;COUNT=6", [9, 11]),
        ("FREQ=WEEKLY;BYDAY=MO,WE", 2, "FREQ=WEEKLY;BYDAY=WE", [2, 16]),
        ("FREQ=DAILY;COUNT=5", 1, "FREQ=DAILY;COUNT=4", [1, 4]),
        ("FREQ=DAILY", 3, "FREQ=WEEKLY;BYDAY=TH", [3, 10]),
    ] {
        let event = tenant.event(EventBuilder::repeating(FIRST, before)).await;
        let mut seats = Vec::new();
        for (member, number) in crowd.iter().zip(held) {
            seats.push(tenant.seat(&event, day(number), member).await);
        }
        let patch = starting(24 * start, rule(after, &[], &[]));
        let changed = edit(&tenant, &event, patch, OnAffected::Refuse).await.unwrap();
        assert_eq!(changed.moved_registrations, 0, "{after}");
        for seat in seats {
            assert_eq!(tenant.registration_now(&seat).await, seat, "{after}");
            tenant.cancel(&seat).await;
        }
    }
    // The dates of the moved series are a part of the old one as well, and it moves.
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=DAILY")).await;
    let seat = tenant.seat(&event, day(1), &crowd[0]).await;
    let patch = starting(24, rule("FREQ=DAILY", &[], &[]));
    edit(&tenant, &event, patch, OnAffected::Refuse).await.unwrap();
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), day(2));
}

/// Such an edit must give a start if the new dates come first.
pub(super) async fn a_rule_that_only_adds_dates_moves_none(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let days = |number: i64| 24 * number;
    for (start, before, held, new_start, after) in [
        (days(2), "FREQ=WEEKLY;BYDAY=WE", days(9), 0, "FREQ=WEEKLY;BYDAY=MO,WE"),
        (days(2), "FREQ=WEEKLY;BYDAY=WE;COUNT=4", days(9), 0, "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=8"),
        (0, "FREQ=DAILY", days(1), -1, "FREQ=DAILY;BYHOUR=8,9"),
        (days(7), "FREQ=WEEKLY;COUNT=4", days(14), 0, "FREQ=WEEKLY;COUNT=5"),
        (days(4), "FREQ=DAILY;UNTIL=20310321T090000", days(7), days(2), "FREQ=DAILY;UNTIL=20310321T090000"),
        (days(9), "", days(9), days(2), "FREQ=WEEKLY;COUNT=2"),
        (days(5), "FREQ=MONTHLY;BYMONTHDAY=15", days(36), 0, "FREQ=MONTHLY;BYMONTHDAY=10,15"),
    ] {
        let start = FIRST + Duration::hours(start);
        let repeating = Some(before).filter(|rule| !rule.is_empty());
        let builder = repeating.map(|rule| EventBuilder::repeating(start, rule));
        let event = tenant.event(builder.unwrap_or_else(|| EventBuilder::once(start))).await;
        let seat = tenant.seat(&event, day(0) + Duration::hours(held), &ada).await;
        let patch = starting(new_start, rule(after, &[], &[]));
        let changed = edit(&tenant, &event, patch, OnAffected::Refuse).await.unwrap();
        assert_eq!(changed.moved_registrations, 0, "{after}");
        assert_eq!(changed.now.series.first_start(), day(0) + Duration::hours(new_start));
        assert_eq!(tenant.registration_now(&seat).await, seat, "{after}");
        tenant.cancel(&seat).await;
    }
    // The dates of the moved series contain the old ones as well, and it moves.
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=DAILY")).await;
    let seat = tenant.seat(&event, day(4), &ada).await;
    let patch = starting(days(-2), rule("FREQ=DAILY", &[], &[]));
    edit(&tenant, &event, patch, OnAffected::Refuse).await.unwrap();
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), day(2));
}

pub(super) async fn a_weekday_that_is_removed_and_added_again_moves_nobody(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let all = ("FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=9", 0);
    let event = tenant.event(EventBuilder::repeating(FIRST, all.0)).await;
    let crowd = tenant.crowd(2).await;
    let seats = [tenant.seat(&event, day(2), &crowd[0]).await, tenant.seat(&event, day(4), &crowd[1]).await];
    let without = ("FREQ=WEEKLY;BYDAY=WE,FR;COUNT=6", 48);
    for (text, hours) in [without, all, without, all] {
        let patch = starting(hours, rule(text, &[], &[]));
        let changed = edit(&tenant, &event, patch, OnAffected::Refuse).await.unwrap();
        assert_eq!(changed.moved_registrations, 0, "{text}");
        for seat in &seats {
            assert_eq!(tenant.registration_now(seat).await, *seat, "{text}");
        }
    }
}

/// Dates that have begun are none that an organizer could keep.
pub(super) async fn a_rule_that_adds_dates_to_those_ahead_moves_none(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let now = day(2) + Duration::hours(11);
    for (before, held, start, after) in [
        ("FREQ=WEEKLY;BYDAY=MO,WE", 9, 7, "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("FREQ=DAILY;COUNT=6", 4, 3, "FREQ=DAILY;COUNT=4"),
        ("FREQ=DAILY;UNTIL=20310315T090000", 4, 3, "FREQ=DAILY;UNTIL=20310316T090000"),
    ] {
        let event = tenant.event(EventBuilder::repeating(FIRST, before)).await;
        let seat = tenant.seat(&event, day(held), &ada).await;
        let patch = starting(24 * start, rule(after, &[], &[]));
        let edit = edit_of(event.id, patch);
        let changed = tenant.ports.events.update(&tenant.scope, edit, &by_root_at(now)).await.unwrap();
        assert_eq!(changed.moved_registrations, 0, "{after}");
        assert_eq!(tenant.registration_now(&seat).await, seat, "{after}");
        tenant.cancel(&seat).await;
    }
}

pub(super) async fn a_rule_that_removes_or_adds_dates_and_another_time_move_only_the_time(
    environment: Environment,
) {
    let tenant = environment.tenant("choir").await;
    let crowd = tenant.crowd(2).await;
    for (first, before, start, after, held, lost) in [
        (0, "FREQ=DAILY;COUNT=5", 4, "", 4, Some(0)),
        (0, "FREQ=DAILY;COUNT=5", 1, "FREQ=DAILY;COUNT=4", 4, Some(0)),
        (0, "FREQ=WEEKLY;BYDAY=MO,WE", 2, "FREQ=WEEKLY;BYDAY=WE", 9, Some(7)),
        (0, "FREQ=WEEKLY;BYDAY=MO,WE,FR", 2, "FREQ=WEEKLY;BYDAY=WE,FR", 11, Some(7)),
        (0, "FREQ=WEEKLY;BYDAY=MO,WE,FR", 2, "FREQ=WEEKLY;BYDAY=WE,FR,SA", 11, Some(7)),
        (2, "FREQ=WEEKLY;BYDAY=WE", 0, "FREQ=WEEKLY;BYDAY=MO,WE", 9, None),
    ] {
        for hours in [-1, 1, 5] {
            let event = EventBuilder::repeating(FIRST + Duration::days(first), before);
            let event = tenant.event(event).await;
            let seat = tenant.seat(&event, day(held), &crowd[0]).await;
            let given = if after.is_empty() {
                EventPatch { recurrence: Some(None), ..EventPatch::default() }
            } else {
                rule(after, &[], &[])
            };
            let patch = starting(24 * start + hours, given);
            if let Some(lost) = lost {
                let lost = tenant.seat(&event, day(lost), &crowd[1]).await;
                let refused = edit(&tenant, &event, patch.clone(), OnAffected::Refuse).await;
                let registrations = vec![lost];
                assert_eq!(refusal(refused), Refusal::RegistrationsAffected { count: 1, registrations });
            }
            edit(&tenant, &event, patch, OnAffected::CancelRegistrations).await.unwrap();
            let now = tenant.registration_now(&seat).await;
            assert!(now.status.is_active(), "{before} {after} {hours}");
            assert_eq!(now.interval.start(), day(held) + Duration::hours(hours), "{before} {after}");
            tenant.cancel(&now).await;
        }
    }
}

pub(super) async fn a_rule_and_a_start_shift_together(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=WEEKLY;BYDAY=MO,WE")).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(9), &ada).await;
    tenant
        .ports
        .events
        .cancel_occurrence(&tenant.scope, at(&event, day(14)).into(), &by_root())
        .await
        .unwrap();
    let patch = starting(25, rule("FREQ=WEEKLY;BYDAY=TU,TH,SA", &[], &[]));
    let edited = edit(&tenant, &event, patch, OnAffected::Refuse).await.unwrap().now;
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), day(10) + Duration::HOUR);
    let cancelled = tenant.stored(at(&event, day(15) + Duration::HOUR)).await.unwrap();
    assert_eq!(cancelled.status(), EventStatus::Cancelled);
    let hour = Duration::HOUR;
    let expected = [1, 3, 5, 8, 10, 12, 17, 19].map(|number| day(number) + hour);
    assert_eq!(tenant.listed(&[&edited], day(0), day(21)).await, expected);
}
