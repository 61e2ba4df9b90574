//! Writes that bypass the code and would overbook or double book: the validators refuse them.

use bson::{Document, doc};
use convene_application::testing::builders::EventBuilder;
use mongodb::error::Error;
use rstest::rstest;
use time::macros::datetime;

use crate::{
    hostile_writes::assert_refused,
    support::{Scenario, by, request_for},
};

/// An occurrence from nine to ten, whose only seat is taken.
async fn scenario() -> Scenario {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1).build()).await;
    let member = scenario.member().await;
    scenario.register(request_for(&event, member), &by(member).build()).await.unwrap();
    scenario.database.collection("agendas").delete_many(doc! { "busy": [] }).await.unwrap();
    scenario
}

fn at(hour: u8, minute: u8) -> bson::DateTime {
    bson::DateTime::builder().year(2031).month(4).day(1).hour(hour).minute(minute).build().unwrap()
}

fn entry(start: bson::DateTime, end: bson::DateTime) -> Document {
    doc! { "startsAt": start, "endsAt": end, "occurrence": format!("evt_{:032x}_20310401T090000Z", 7) }
}

/// Applies a forbidden update to the only document in every way of writing.
async fn assert_refused_in_every_way(scenario: &Scenario, name: &str, update: Document) {
    let collection = scenario.database.collection(name);
    let good = collection.find_one(doc! {}).await.unwrap().unwrap();
    // The result of the update, computed by the server in a collection without a validator.
    let scratch = scenario.database.collection("scratch");
    scratch.delete_many(doc! {}).await.unwrap();
    scratch.insert_one(good.clone()).await.unwrap();
    scratch.update_one(doc! {}, update.clone()).await.unwrap();
    let bad = scratch.find_one(doc! {}).await.unwrap().unwrap();
    let this = doc! { "_id": good.get("_id").unwrap() };
    let fields: Document = bad.clone().into_iter().filter(|(field, _)| field != "_id").collect();
    // Literal, because a pipeline would merge an array's documents with what they replace.
    let pipeline = vec![doc! { "$replaceWith": { "$literal": bad.clone() } }];

    assert_refused(collection.update_one(this.clone(), update.clone()).await, "update");
    assert_refused(collection.update_many(doc! {}, update.clone()).await, "update of many");
    assert_refused(collection.update_one(this.clone(), pipeline.clone()).await, "pipeline");
    assert_refused(collection.replace_one(this.clone(), bad.clone()).await, "replacement");
    assert_refused(collection.find_one_and_update(this.clone(), update.clone()).await, "find and update");
    assert_refused(collection.find_one_and_replace(this.clone(), bad.clone()).await, "find and replace");
    // Ways of writing that only add fields cannot remove one.
    let is_smaller = bad.len() < good.len() || update.contains_key("$unset");
    for how in if is_smaller { &["replace"][..] } else { &["replace", "merge"] } {
        let merge = doc! { "$merge": { "into": name, "whenMatched": *how } };
        assert_refused(scratch.aggregate([merge]).await.map(drop), "merge");
    }
    let bulk = doc! { "update": name, "ordered": false, "updates": [
        { "q": this.clone(), "u": update.clone() },
        { "q": this.clone(), "u": bad.clone() },
    ] };
    let answer = scenario.database.raw().run_command(bulk).await.unwrap();
    assert_eq!(answer.get_array("writeErrors").unwrap().len(), 2, "bulk");

    collection.delete_one(this.clone()).await.unwrap();
    assert_refused(collection.insert_one(bad.clone()).await, "insert");
    assert_refused(collection.insert_many([bad.clone()]).await, "insert of many");
    let upsert = collection.update_one(this.clone(), doc! { "$set": fields.clone() }).upsert(true);
    assert_refused(upsert.await, "upsert");
    assert_refused(
        collection.replace_one(this.clone(), bad.clone()).upsert(true).await,
        "upserting replacement",
    );
    let find = collection.find_one_and_update(this.clone(), doc! { "$set": fields }).upsert(true);
    assert_refused(find.await, "find and upsert");
    let merge = doc! { "$merge": { "into": name, "whenNotMatched": "insert" } };
    assert_refused(scratch.aggregate([merge]).await.map(drop), "inserting merge");
    collection.insert_one(good.clone()).await.unwrap();

    for way in 0..3 {
        let mut session = scenario.database.client.start_session().await.unwrap();
        session.start_transaction().await.unwrap();
        let outcome: Result<(), Error> = match way {
            0 => collection.update_one(this.clone(), update.clone()).session(&mut session).await.map(drop),
            1 => collection.replace_one(this.clone(), bad.clone()).session(&mut session).await.map(drop),
            _ => collection.update_one(this.clone(), pipeline.clone()).session(&mut session).await.map(drop),
        };
        assert_refused(outcome, "in a transaction");
    }
    assert_eq!(collection.find_one(doc! {}).await.unwrap(), Some(good), "nothing was changed");
}

#[rstest]
#[case(doc! { "$inc": { "taken": 1 } })]
#[case(doc! { "$inc": { "taken": -2 } })]
#[case(doc! { "$inc": { "waiting": -1 } })]
#[case(doc! { "$set": { "capacity": 0 } })]
#[case(doc! { "$set": { "taken": null } })]
#[case(doc! { "$set": { "taken": 1.0 } })]
#[case(doc! { "$set": { "taken": 1_i64 } })]
#[case(doc! { "$set": { "capacity": "9" } })]
#[case(doc! { "$unset": { "capacity": "" } })]
#[case(doc! { "$unset": { "taken": "" } })]
#[case(doc! { "$set": { "endsAt": at(9, 0) } })]
#[case(doc! { "$set": { "startsAt": at(11, 0) } })]
#[case(doc! { "$set": { "startsAt": null } })]
#[case(doc! { "$set": { "status": "POSTPONED" } })]
#[tokio::test]
async fn no_occurrence_is_overbooked(#[case] update: Document) {
    assert_refused_in_every_way(&scenario().await, "occurrences", update).await;
}

#[rstest]
#[case(doc! { "$set": { "isDropped": true } })]
#[case(doc! { "$set": { "status": "CANCELLED", "hasPassed": true } })]
#[case(doc! { "$set": { "closing": { "job": format!("job_{:032x}", 1), "reason": "OCCURRENCE_CANCELLED" } } })]
#[tokio::test]
async fn the_fields_of_an_occurrence_match_its_state(#[case] update: Document) {
    assert_refused_in_every_way(&scenario().await, "occurrences", update).await;
}

#[rstest]
#[case::inside(doc! { "$push": { "busy": entry(at(9, 15), at(9, 30)) } })]
#[case::around(doc! { "$push": { "busy": { "$each": [entry(at(8, 0), at(11, 0))], "$sort": { "startsAt": 1 } } } })]
#[case::end_too_late(doc! { "$push": { "busy": { "$each": [entry(at(8, 0), at(9, 1))], "$sort": { "startsAt": 1 } } } })]
#[case::same(doc! { "$push": { "busy": entry(at(9, 0), at(10, 0)) } })]
#[case::unsorted(doc! { "$push": { "busy": entry(at(7, 0), at(8, 0)) } })]
#[case::empty(doc! { "$push": { "busy": entry(at(11, 0), at(11, 0)) } })]
#[case::backwards(doc! { "$push": { "busy": entry(at(12, 0), at(11, 0)) } })]
#[case::conflict_later(doc! { "$push": { "busy": { "$each": [
    entry(at(11, 0), at(12, 0)), entry(at(13, 0), at(15, 0)), entry(at(14, 0), at(16, 0)),
] } } })]
#[case::moved(doc! { "$set": { "busy.0.endsAt": at(8, 0) } })]
#[case::null(doc! { "$set": { "busy.0.startsAt": null } })]
#[case::text(doc! { "$set": { "busy.0.startsAt": "2031-04-01" } })]
#[case::missing(doc! { "$unset": { "busy.0.endsAt": "" } })]
#[case::no_list(doc! { "$set": { "busy": null } })]
#[case::not_there(doc! { "$unset": { "busy": "" } })]
#[case::unknown(doc! { "$set": { "busy.0.surprise": 1 } })]
#[tokio::test]
async fn no_member_is_double_booked(#[case] update: Document) {
    assert_refused_in_every_way(&scenario().await, "agendas", update).await;
}

#[tokio::test]
async fn an_agenda_has_at_most_a_thousand_times() {
    let scenario = scenario().await;
    let many: Vec<Document> = (0..1_000_i64)
        .map(|number| {
            let minute =
                |minutes: i64| bson::DateTime::from_millis(at(12, 0).timestamp_millis() + minutes * 60_000);
            entry(minute(number), minute(number + 1))
        })
        .collect();
    let push = doc! { "$push": { "busy": { "$each": many } } };
    assert_refused(scenario.database.collection("agendas").update_one(doc! {}, push).await, "1,001 entries");
}

#[rstest]
#[case(doc! { "$set": { "status": "CANCELLED" } })]
#[case(doc! { "$set": { "active": false } })]
#[case(doc! { "$set": { "waitlistSequence": 1_i64 } })]
#[case(doc! { "$set": { "status": "WAITLISTED" } })]
#[case(doc! { "$set": { "cancelledAt": at(8, 0) } })]
#[case(doc! { "$set": { "cancellationReason": "BY_MEMBER" } })]
#[case(doc! { "$set": { "endsAt": at(9, 0) } })]
#[case(doc! { "$set": { "member": "me" } })]
#[tokio::test]
async fn the_fields_of_a_registration_match_its_status(#[case] update: Document) {
    let scenario = scenario().await;
    assert_refused(scenario.database.collection("registrations").update_one(doc! {}, update).await, "update");
}

#[tokio::test]
async fn no_member_has_two_registrations_for_an_occurrence() {
    let scenario = scenario().await;
    let registrations = scenario.database.collection("registrations");
    let mut second = registrations.find_one(doc! {}).await.unwrap().unwrap();
    second.insert("_id", format!("reg_{:032x}", 1));
    let error = registrations.insert_one(second).await.unwrap_err();
    assert!(error.to_string().contains("E11000"), "{error}");
}
