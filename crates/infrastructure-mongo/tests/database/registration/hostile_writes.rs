//! Writes past all of our code that would overbook or double book: the database refuses them by itself.

use bson::{Document, doc};
use convene_application::testing::builders::EventBuilder;
use mongodb::error::Error;
use rstest::rstest;
use time::macros::datetime;

use crate::{
    hostile_writes::assert_refused,
    support::{Stage, by, wish},
};

/// One seat that is taken, of one that there is; the member's time is from nine to ten.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    let event = stage.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1).build()).await;
    let member = stage.member().await;
    stage.register(wish(&event, member), &by(member).build()).await.unwrap();
    stage.database.collection("agendas").delete_many(doc! { "busy": [] }).await.unwrap();
    stage
}

fn at(hour: u8, minute: u8) -> bson::DateTime {
    bson::DateTime::builder().year(2031).month(4).day(1).hour(hour).minute(minute).build().unwrap()
}

fn entry(start: bson::DateTime, end: bson::DateTime) -> Document {
    doc! { "startsAt": start, "endsAt": end, "occurrence": format!("evt_{:032x}_20310401T090000Z", 7) }
}

/// Every way of writing that there is, each with an update of the only document that must not come to pass.
async fn assert_refused_in_every_way(stage: &Stage, name: &str, update: Document) {
    let collection = stage.database.collection(name);
    let good = collection.find_one(doc! {}).await.unwrap().unwrap();
    // What the update would make of it, worked out by the server where no validator looks.
    let scratch = stage.database.collection("scratch");
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
    // A field that is taken away comes back by what only adds fields.
    let is_smaller = bad.len() < good.len() || update.contains_key("$unset");
    for how in if is_smaller { &["replace"][..] } else { &["replace", "merge"] } {
        let merge = doc! { "$merge": { "into": name, "whenMatched": *how } };
        assert_refused(scratch.aggregate([merge]).await.map(drop), "merge");
    }
    let bulk = doc! { "update": name, "ordered": false, "updates": [
        { "q": this.clone(), "u": update.clone() },
        { "q": this.clone(), "u": bad.clone() },
    ] };
    let answer = stage.database.raw().run_command(bulk).await.unwrap();
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
        let mut session = stage.database.client.start_session().await.unwrap();
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
    assert_refused_in_every_way(&stage().await, "occurrences", update).await;
}

#[rstest]
#[case::inside(doc! { "$push": { "busy": entry(at(9, 15), at(9, 30)) } })]
#[case::around(doc! { "$push": { "busy": { "$each": [entry(at(8, 0), at(11, 0))], "$sort": { "startsAt": 1 } } } })]
#[case::end_too_late(doc! { "$push": { "busy": { "$each": [entry(at(8, 0), at(9, 1))], "$sort": { "startsAt": 1 } } } })]
#[case::same(doc! { "$push": { "busy": entry(at(9, 0), at(10, 0)) } })]
#[case::unsorted(doc! { "$push": { "busy": entry(at(7, 0), at(8, 0)) } })]
#[case::empty(doc! { "$push": { "busy": entry(at(11, 0), at(11, 0)) } })]
#[case::backwards(doc! { "$push": { "busy": entry(at(12, 0), at(11, 0)) } })]
#[case::clash_later(doc! { "$push": { "busy": { "$each": [
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
async fn no_member_is_at_two_places(#[case] update: Document) {
    assert_refused_in_every_way(&stage().await, "agendas", update).await;
}

#[tokio::test]
async fn an_agenda_has_a_thousand_entries_at_most() {
    let stage = stage().await;
    let many: Vec<Document> = (0..1_000_i64)
        .map(|number| {
            let minute =
                |minutes: i64| bson::DateTime::from_millis(at(12, 0).timestamp_millis() + minutes * 60_000);
            entry(minute(number), minute(number + 1))
        })
        .collect();
    let push = doc! { "$push": { "busy": { "$each": many } } };
    assert_refused(stage.database.collection("agendas").update_one(doc! {}, push).await, "1,001 entries");
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
async fn a_registration_says_what_its_status_says(#[case] update: Document) {
    let stage = stage().await;
    assert_refused(stage.database.collection("registrations").update_one(doc! {}, update).await, "update");
}

#[tokio::test]
async fn no_member_has_two_registrations_for_an_occurrence() {
    let stage = stage().await;
    let registrations = stage.database.collection("registrations");
    let mut second = registrations.find_one(doc! {}).await.unwrap().unwrap();
    second.insert("_id", format!("reg_{:032x}", 1));
    let error = registrations.insert_one(second).await.unwrap_err();
    assert!(error.to_string().contains("E11000"), "{error}");
}
