//! The check reports what no operation leaves behind.

use bson::{Document, doc};
use convene_application::{
    ports::{EditScope, EventEdit, EventPatch, NewRecurrence, OnAffected},
    testing::{
        FixedClock,
        builders::{ChangeBuilder, EventBuilder, register},
    },
};
use convene_domain::{occurrence::OccurrenceKey, recurrence::Rule, time::zone::Zone};
use convene_infrastructure_mongo::schema::SchemaSettings;
use mongodb::{IndexModel, options::IndexOptions};
use time::{
    Duration,
    macros::{datetime, utc_datetime},
};

use crate::support::{Scenario, TestDatabase, by, first, request_for, waitlist_request_for};

const VALIDATORS: &str = "every collection has the validator of this version";
const DATES: &str = "an occurrence ahead has the original start and the times that its event gives it";
const INDEXES: &str = "every collection has the indexes of this version";

/// The names of the violated invariants.
async fn violated(scenario: &Scenario) -> Vec<&'static str> {
    let findings = scenario.report().await.findings;
    findings.into_iter().filter(|finding| finding.violations > 0).map(|finding| finding.invariant).collect()
}

#[tokio::test]
async fn past_days_of_an_event_that_did_not_exist_yet_are_reported() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::weekly(datetime!(2031-02-03 10:00)).build()).await;
    assert_eq!(violated(&scenario).await, Vec::<&str>::new());
    // A copy of the schedule of the event from which this one was split off.
    let until = bson::DateTime::parse_rfc3339_str("2031-02-20T00:00:00Z").unwrap();
    let copied = doc! { "until": until };
    scenario.without_validator("events").await;
    let events = scenario.database.collection("events");
    let this = doc! { "_id": event.id.to_string() };
    events.update_one(this, doc! { "$set": { "earlier": [copied] } }).await.unwrap();
    let expected =
        "no day that has passed is listed twice: an event has no schedule from before its creation";
    assert_eq!(violated(&scenario).await, [VALIDATORS, expected, "every event can be read"]);
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_reported() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 10:00)).build()).await;
    let events = scenario.database.collection("events");
    let this = doc! { "_id": event.id.to_string() };
    // The days are longer than the whole duration.
    events.update_one(this, doc! { "$set": { "durationDays": 1 } }).await.unwrap();
    assert_eq!(violated(&scenario).await, ["every event can be read"]);
}

#[tokio::test]
async fn an_original_start_that_is_used_twice_is_reported() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 10:00)).build()).await;
    let member = scenario.member().await;
    let seat = scenario.register(request_for(&event, member), &by(member).build()).await.unwrap();
    scenario.cancel(&seat, &by(member).build()).await.unwrap();
    let mut copy = scenario.occurrence(first(&event)).await.unwrap();
    let start = event.series.first_start() + Duration::HOUR;
    let other = OccurrenceKey { event: event.id, original_start: start };
    copy.insert("_id", other.to_string());
    let occurrences = scenario.database.collection("occurrences");
    occurrences.insert_one(copy.clone()).await.unwrap();
    let expected = ["no two occurrences ahead of an event have the same original start", DATES];
    assert_eq!(violated(&scenario).await, expected);
    let this = doc! { "_id": other.to_string() };
    let dropped = doc! { "$set": { "isDropped": true, "status": "CANCELLED" } };
    occurrences.update_one(this, dropped).await.unwrap();
    assert_eq!(violated(&scenario).await, Vec::<&str>::new(), "a dropped occurrence is in nobody's way");
}

#[tokio::test]
async fn a_date_ahead_may_have_the_wall_clock_time_of_one_that_took_place() {
    let scenario = Scenario::new().await;
    let start = datetime!(2031-03-10 09:00);
    let event = scenario.event(EventBuilder::daily(start, 5).zone("Europe/Paris").build()).await;
    let members = scenario.crowd(2).await;
    scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    // Ten o'clock in Paris.
    let now = utc_datetime!(2031-03-10 09:00);
    let rule = Rule::parse("FREQ=DAILY;COUNT=5").unwrap();
    let recurrence = Some(Some(NewRecurrence { rule, exdates: vec![], rdates: vec![start] }));
    let time_zone = Zone::parse("America/New_York").ok();
    for patch in [
        EventPatch { time_zone, ..EventPatch::default() },
        EventPatch { recurrence, ..EventPatch::default() },
    ] {
        let (scope, on_affected) = (EditScope::All, OnAffected::Refuse);
        let edit = EventEdit { event: event.id, expected_version: None, scope, patch, on_affected };
        let change = ChangeBuilder::by("first-admin").at(now).build();
        scenario.database.ports.events.update(&scenario.tenant.scope, edit, &change).await.unwrap();
    }
    let key = OccurrenceKey { event: event.id, original_start: utc_datetime!(2031-03-10 13:00) };
    let change = by(members[1]).at(now).build();
    scenario.register(register(key, members[1]), &change).await.unwrap();
    let report = scenario.database.ports.check(now).await.unwrap();
    assert!(report.is_clean(), "{report}");
}

#[tokio::test]
async fn occurrences_that_a_new_time_zone_database_would_move_are_reported() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::weekly(datetime!(2031-04-07 10:00)).build()).await;
    let member = scenario.member().await;
    scenario.register(request_for(&event, member), &by(member).build()).await.unwrap();
    let occurrences = scenario.database.collection("occurrences");
    let this = doc! { "_id": first(&event).to_string() };
    let stored = scenario.occurrence(first(&event)).await.unwrap();
    let local = stored.get_str("originalLocal").unwrap().replace("T10:", "T11:");
    assert_ne!(stored.get_str("originalLocal").unwrap(), local);
    // The instant that the clocks of this zone had before an update.
    occurrences.update_one(this, doc! { "$set": { "originalLocal": local } }).await.unwrap();
    assert_eq!(violated(&scenario).await, [DATES]);
}

#[tokio::test]
async fn a_passed_exception_that_is_still_there_is_reported() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 10:00)).build()).await;
    let member = scenario.member().await;
    let seat = scenario.register(request_for(&event, member), &by(member).build()).await.unwrap();
    scenario.cancel(&seat, &by(member).build()).await.unwrap();
    let occurrences = scenario.database.collection("occurrences");
    let this = doc! { "_id": first(&event).to_string() };
    let exception = doc! { "cancelled": true };
    let passed = doc! { "isDropped": true, "hasPassed": true, "status": "CANCELLED", "exception": exception };
    occurrences.update_one(this.clone(), doc! { "$set": &passed }).await.unwrap();
    assert_eq!(violated(&scenario).await, Vec::<&str>::new());
    let expected =
        "an exception whose date an edit moved into the past is dropped, and nobody holds it or waits for it";
    for wrong in [doc! { "taken": 1 }, doc! { "waiting": 1 }, doc! { "exception": null }] {
        occurrences.update_one(this.clone(), doc! { "$set": &wrong }).await.unwrap();
        assert!(violated(&scenario).await.contains(&expected), "{wrong}");
        let right = doc! { "$set": { "taken": 0, "waiting": 0 } };
        occurrences.update_one(this.clone(), right).await.unwrap();
        occurrences.update_one(this.clone(), doc! { "$set": &passed }).await.unwrap();
    }
}

#[tokio::test]
async fn a_free_member_who_is_marked_as_busy_is_reported() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 10:00)).seats(1).build()).await;
    let members = scenario.crowd(2).await;
    for member in members {
        scenario.register(waitlist_request_for(&event, member), &by(member).build()).await.unwrap();
    }
    let marked = doc! { "$set": { "isBusy": true } };
    let registrations = scenario.database.collection("registrations");
    registrations.update_one(doc! { "status": "WAITLISTED" }, marked).await.unwrap();
    let expected = "a member who is known to be busy at the time of a waitlist has another seat at that time";
    assert_eq!(violated(&scenario).await, [expected]);
}

/// The differing definitions, each with what the database has.
async fn differences(database: &TestDatabase) -> Vec<(String, String)> {
    let findings = database.ports.check(FixedClock::START).await.unwrap().findings;
    let differing = findings.into_iter().filter(|finding| [VALIDATORS, INDEXES].contains(&finding.invariant));
    let examples = differing.flat_map(|finding| finding.examples);
    examples.map(|example| (example.id, example.found)).collect()
}

/// Runs a change of a collection.
async fn modify(database: &TestDatabase, collection: &str, change: Document) {
    let mut command = doc! { "collMod": collection };
    command.extend(change);
    database.raw().run_command(command).await.unwrap();
}

#[tokio::test]
async fn a_validator_that_was_removed_or_weakened_is_reported_until_the_database_is_prepared() {
    let database = TestDatabase::prepared().await;
    for (change, found) in [
        (doc! { "validator": {} }, "no validator"),
        (doc! { "validator": { "name": { "$exists": true } } }, "another validator"),
        (doc! { "validationLevel": "off" }, "does not refuse every invalid document"),
        (doc! { "validationLevel": "moderate" }, "does not refuse every invalid document"),
        (doc! { "validationAction": "warn" }, "does not refuse every invalid document"),
    ] {
        modify(&database, "members", change).await;
        let differences = differences(&database).await;
        assert!(
            matches!(&differences[..], [(id, text)] if id == "members" && text.contains(found)),
            "{differences:?}"
        );
        database.ports.prepare().await.unwrap();
        assert!(database.ports.check(FixedClock::START).await.unwrap().is_clean(), "{found}");
    }
}

#[tokio::test]
async fn an_index_that_was_dropped_or_changed_is_reported_until_the_database_is_prepared() {
    let database = TestDatabase::prepared().await;
    let members = database.collection("members");
    let keys = doc! { "organization": 1, "userId": 1 };
    let named = |options: IndexOptions| IndexModel::builder().keys(keys.clone()).options(options).build();
    let name = "one_membership_per_user".to_owned();
    let sparse = IndexOptions::builder().name(name.clone()).unique(true).sparse(true).build();
    let several = IndexOptions::builder().name(name.clone()).build();
    for (replacement, found) in [(None, "no index"), (Some(several), "keys"), (Some(sparse), "sparse")] {
        members.drop_index(&name).await.unwrap();
        if let Some(options) = replacement {
            members.create_index(named(options)).await.unwrap();
        }
        let differences = differences(&database).await;
        assert!(
            matches!(&differences[..], [(id, text)] if id == "members.one_membership_per_user" && text.contains(found)),
            "{differences:?}"
        );
        if found != "no index" {
            members.drop_index(&name).await.unwrap();
        }
        database.ports.prepare().await.unwrap();
        assert_eq!(self::differences(&database).await, []);
    }
    for hidden in [true, false] {
        modify(&database, "members", doc! { "index": { "name": &name, "hidden": hidden } }).await;
        assert_eq!(differences(&database).await.len(), usize::from(hidden));
    }
    let sooner = doc! { "index": { "name": "expires", "expireAfterSeconds": 60 } };
    modify(&database, "idempotency", sooner).await;
    assert!(matches!(&differences(&database).await[..], [(id, _)] if id == "idempotency.expires"));
}

#[tokio::test]
async fn a_further_index_is_reported_if_it_refuses_or_deletes_documents() {
    let database = TestDatabase::prepared().await;
    let members = database.collection("members");
    let day = std::time::Duration::from_secs(86_400);
    for (options, is_reported) in [
        (IndexOptions::builder().name(String::from("faster")).build(), false),
        (IndexOptions::builder().name(String::from("stricter")).unique(true).build(), true),
        (IndexOptions::builder().name(String::from("shorter")).expire_after(day).build(), true),
    ] {
        let name = options.name.clone().unwrap();
        let index = IndexModel::builder().keys(doc! { "displayName": 1 }).options(options).build();
        members.create_index(index).await.unwrap();
        let expected = if is_reported { vec![format!("members.{name}")] } else { Vec::new() };
        let reported: Vec<String> = differences(&database).await.into_iter().map(|(id, _)| id).collect();
        assert_eq!(reported, expected);
        members.drop_index(name).await.unwrap();
    }
}

#[tokio::test]
async fn a_database_that_was_not_prepared_is_reported() {
    let database = TestDatabase::empty(|_| {}).await;
    let report = database.ports.check(FixedClock::START).await.unwrap();
    assert_eq!(report.violations_of(VALIDATORS), 12, "{report}");
    assert!(report.violations_of(INDEXES) > 12, "{report}");
}

/// All invariants hold in it, as after a restore that failed.
#[tokio::test]
async fn the_last_line_tells_an_empty_database_from_another() {
    let scenario = Scenario::new().await;
    let report = scenario.report().await.to_string();
    let last = report.lines().last().unwrap();
    assert!(last.starts_with("examined: organizations 1; documents: activity "), "{report}");
    assert!(last.contains(", organizations 1, "), "{report}");
    let database = TestDatabase::prepared().await;
    let report = database.ports.check(FixedClock::START).await.unwrap();
    assert!(report.is_clean(), "{report}");
    let report = report.to_string();
    let last = report.lines().last().unwrap();
    assert!(last.starts_with("examined: NO ORGANIZATION; documents: activity 0, agendas 0, "), "{report}");
}

/// The retention of the log is a setting of the server, which the check does not know.
#[tokio::test]
async fn any_retention_of_the_log_is_accepted() {
    let database = TestDatabase::empty(|_| {}).await;
    let activity_retention = std::time::Duration::from_secs(30 * 86_400);
    let settings = SchemaSettings { activity_retention, ..SchemaSettings::default() };
    database.ports.prepare_with(&settings).await.unwrap();
    assert_eq!(differences(&database).await, []);
    let report = database.ports.check(FixedClock::START).await.unwrap().to_string();
    assert!(report.contains("\nentries of the activity log are kept for 30 days\n"), "{report}");
}

#[tokio::test]
async fn all_of_a_check_is_read_from_one_snapshot() {
    let (database, commands) = TestDatabase::watched().await;
    commands.take();
    database.ports.check(FixedClock::START).await.unwrap();
    let reads = commands.take().into_iter().filter(|event| event.command.contains_key("readConcern"));
    let concerns: Vec<_> =
        reads.map(|event| event.command.get_document("readConcern").unwrap().clone()).collect();
    // The first read chooses the time.
    let of_snapshot = concerns.iter().filter(|concern| concern.get_str("level").ok() == Some("snapshot"));
    assert!(of_snapshot.count() > 20, "{concerns:?}");
    let times: Vec<_> = concerns.iter().filter_map(|concern| concern.get("atClusterTime")).collect();
    assert!(times.len() > 20 && times.iter().all(|time| *time == times[0]), "{concerns:?}");
}
