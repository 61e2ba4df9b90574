use std::num::NonZeroUsize;

use bson::doc;
use convene_application::{
    failure::{Failure, Fault, Field, Refusal},
    limits::{Limit, WAITLIST_LENGTH, WAITLISTED_REGISTRATIONS},
    testing::{FixedClock, builders::EventBuilder},
};
use convene_infrastructure_mongo::registration::BookSettings;
use futures::future::join_all;
use time::macros::datetime;

use crate::support::{
    Held, Scenario, by, days, first, refusal, request_for, times_of_agenda, waitlist_request_for,
};

#[tokio::test]
async fn a_full_queue_refuses_calls_without_an_effect() {
    let one = NonZeroUsize::MIN;
    let settings = BookSettings { at_once: one, queue: one, ..BookSettings::default() };
    let scenario = Scenario::with(settings).await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(50).build()).await;
    let members = scenario.crowd(30).await;
    let outcomes = join_all(members.iter().map(|&member| {
        let (scenario, event) = (&scenario, &event);
        async move { scenario.register(request_for(event, member), &by(member).build()).await }
    }))
    .await;
    let overloaded =
        outcomes.iter().filter(|outcome| matches!(outcome, Err(Failure::Fault(Fault::Overloaded)))).count();
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(won >= 1 && overloaded >= 1 && won + overloaded == 30, "{outcomes:?}");
    scenario.assert_sound().await;
}

#[tokio::test]
async fn an_agenda_has_a_limit_and_ended_times_are_pruned() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).build()).await;
    let member = scenario.member().await;
    let agendas = scenario.database.collection("agendas");
    let this = doc! { "_id": member.to_string() };
    let upcoming = bson::DateTime::builder().year(2032).month(1).day(1).build().unwrap();
    agendas
        .update_one(this.clone(), doc! { "$set": { "busy": times_of_agenda(upcoming, 1_000) } })
        .await
        .unwrap();
    let outcome = scenario.register(request_for(&event, member), &by(member).build()).await;
    assert_eq!(refusal(outcome), Refusal::LimitExceeded(Limit::UpcomingRegistrations));

    let over = bson::DateTime::builder().year(2030).month(1).day(1).build().unwrap();
    agendas
        .update_one(this.clone(), doc! { "$set": { "busy": times_of_agenda(over, 1_000) } })
        .await
        .unwrap();
    scenario.register(request_for(&event, member), &by(member).build()).await.unwrap();
    let agenda = agendas.find_one(this).await.unwrap().unwrap();
    assert_eq!(agenda.get_array("busy").unwrap().len(), 1);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_seat_that_ended_a_short_time_ago_is_no_upcoming_one() {
    let scenario = Scenario::new().await;
    let members = scenario.crowd(3).await;
    let agendas = scenario.database.collection("agendas");
    let full = async |now: bson::DateTime| {
        // The first one ended ten minutes ago.
        let from = bson::DateTime::from_millis(now.timestamp_millis() - 20 * 60_000);
        let mut times = times_of_agenda(from, 1);
        times.extend(times_of_agenda(now, 999));
        agendas.update_many(doc! {}, doc! { "$set": { "busy": times } }).await.unwrap();
    };
    let now = bson::DateTime::from_time_0_3(FixedClock::START.to_offset(time::UtcOffset::UTC));
    let event = |hour| {
        let start = datetime!(2031-04-01 00:00).replace_hour(hour).unwrap();
        scenario.event(EventBuilder::once(start).seats(1).build())
    };
    // By a promotion.
    let wanted = event(9).await;
    let seat = scenario.register(request_for(&wanted, members[0]), &by(members[0]).build()).await.unwrap();
    let wait = waitlist_request_for(&wanted, members[1]);
    scenario.register(wait, &by(members[1]).build()).await.unwrap();
    full(now).await;
    let cancelled = scenario.cancel(&seat, &by(members[0]).build()).await.unwrap();
    assert_eq!(cancelled.promoted.map(|promoted| promoted.member), Some(members[1]));
    // By a registration. The next one is above the limit.
    let (first, second) = (event(12).await, event(15).await);
    scenario.register(request_for(&first, members[2]), &by(members[2]).build()).await.unwrap();
    let agenda = agendas.find_one(doc! { "_id": members[2].to_string() }).await.unwrap().unwrap();
    assert_eq!(agenda.get_array("busy").unwrap().len(), 1_000);
    let refused = scenario.register(request_for(&second, members[2]), &by(members[2]).build()).await;
    assert_eq!(refusal(refused), Refusal::LimitExceeded(Limit::UpcomingRegistrations));
}

#[tokio::test]
async fn a_removed_member_does_not_exist_whatever_the_limits() {
    let scenario = Scenario::new().await;
    let members = scenario.crowd(2).await;
    let [holder, member] = members.as_slice() else { panic!("two members") };
    let daily = EventBuilder::repeating(datetime!(2031-04-01 09:00), "FREQ=DAILY").seats(1).build();
    let event = scenario.event(daily).await;
    let starts = days(&event, i64::try_from(WAITLISTED_REGISTRATIONS).unwrap());
    scenario.hold(Held { event: &event, starts: &starts, seated: &[*holder], waiting: &[*member] }).await;
    let full = scenario.event(EventBuilder::once(datetime!(2031-04-01 14:00)).seats(1).build()).await;
    scenario.register(request_for(&full, *holder), &by(*holder).build()).await.unwrap();
    // The job of the removal has not cancelled anything yet.
    let this = doc! { "_id": member.to_string() };
    scenario.database.collection("agendas").delete_one(this).await.unwrap();
    let refused = scenario.register(waitlist_request_for(&full, *member), &by(*member).build()).await;
    assert_eq!(refusal(refused), Refusal::not_found(Field::MemberId));
}

#[tokio::test]
async fn a_promotion_passes_over_a_member_whose_agenda_is_full() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1).build()).await;
    let members = scenario.crowd(3).await;
    let seat = scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    for &member in &members[1..] {
        scenario.register(waitlist_request_for(&event, member), &by(member).build()).await.unwrap();
    }
    let upcoming = bson::DateTime::builder().year(2032).month(1).day(1).build().unwrap();
    let this = doc! { "_id": members[1].to_string() };
    let full = doc! { "$set": { "busy": times_of_agenda(upcoming, 1_000) } };
    scenario.database.collection("agendas").update_one(this, full).await.unwrap();
    let cancelled = scenario.cancel(&seat, &by(members[0]).build()).await.unwrap();
    assert_eq!(cancelled.promoted.map(|promoted| promoted.member), Some(members[2]));
}

#[tokio::test]
async fn a_member_is_on_a_limited_number_of_waitlists() {
    let scenario = Scenario::new().await;
    let members = scenario.crowd(2).await;
    let [holder, member] = members.as_slice() else { panic!("two members") };
    let daily = |hour: u8| {
        let start = datetime!(2031-04-01 00:00).replace_hour(hour).unwrap();
        EventBuilder::repeating(start, "FREQ=DAILY").seats(1).build()
    };
    let event = scenario.event(daily(9)).await;
    let starts = days(&event, i64::try_from(WAITLISTED_REGISTRATIONS).unwrap() - 1);
    let held = Held { event: &event, starts: &starts, seated: &[*holder], waiting: &[*member] };
    scenario.hold(held).await;
    let mut further = Vec::new();
    for hour in [14, 15] {
        let event = scenario.event(daily(hour)).await;
        scenario.register(request_for(&event, *holder), &by(*holder).build()).await.unwrap();
        further.push(waitlist_request_for(&event, *member));
    }
    // One batch decides both.
    let joins = further.iter().map(|request| {
        let scenario = &scenario;
        async move { scenario.register(*request, &by(*member).build()).await }
    });
    let mut outcomes = join_all(joins).await;
    let second = refusal(outcomes.remove(1));
    assert_eq!(second, Refusal::LimitExceeded(Limit::WaitlistedRegistrations));
    let joined = outcomes.remove(0).unwrap();
    scenario.cancel(&joined, &by(*member).build()).await.unwrap();
    scenario.register(further[1], &by(*member).build()).await.unwrap();
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_waitlist_has_a_limited_length() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1).build()).await;
    let members = scenario.crowd(4).await;
    scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    let waiting = i32::try_from(WAITLIST_LENGTH).unwrap() - 1;
    let this = doc! { "_id": first(&event).to_string() };
    let set = doc! { "$set": { "waiting": waiting } };
    scenario.database.collection("occurrences").update_one(this, set).await.unwrap();
    // One batch decides both.
    let joins = members[1..3].iter().map(|&member| {
        let (scenario, request) = (&scenario, waitlist_request_for(&event, member));
        async move { scenario.register(request, &by(member).build()).await }
    });
    let mut outcomes = join_all(joins).await;
    let too_long = Refusal::LimitExceeded(Limit::WaitlistLength);
    assert_eq!(refusal(outcomes.remove(1)), too_long);
    let joined = outcomes.remove(0).unwrap();
    let third = waitlist_request_for(&event, members[3]);
    assert_eq!(refusal(scenario.register(third, &by(members[3]).build()).await), too_long);
    scenario.cancel(&joined, &by(members[1]).build()).await.unwrap();
    scenario.register(third, &by(members[3]).build()).await.unwrap();
}
