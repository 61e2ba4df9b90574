use std::num::NonZeroUsize;

use bson::{Document, doc};
use convene_application::{
    failure::{Failure, Fault, Refusal},
    testing::builders::EventBuilder,
};
use convene_infrastructure_mongo::registration::BookSettings;
use futures::future::join_all;
use time::macros::datetime;

use crate::support::{Stage, by, refusal, wish};

#[tokio::test]
async fn a_queue_that_is_full_turns_callers_away_unharmed() {
    let one = NonZeroUsize::MIN;
    let settings = BookSettings { at_once: one, queue: one, ..BookSettings::default() };
    let stage = Stage::with(settings).await;
    let event = stage.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(50).build()).await;
    let members = stage.crowd(30).await;
    let outcomes = join_all(members.iter().map(|&member| {
        let (stage, event) = (&stage, &event);
        async move { stage.register(wish(event, member), &by(member).build()).await }
    }))
    .await;
    let overloaded =
        outcomes.iter().filter(|outcome| matches!(outcome, Err(Failure::Fault(Fault::Overloaded)))).count();
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(won >= 1 && overloaded >= 1 && won + overloaded == 30, "{outcomes:?}");
    stage.assert_sound().await;
}

/// So many entries of ten minutes each, from midnight on.
fn entries(from: bson::DateTime, count: i64) -> Vec<Document> {
    let at = |minutes: i64| bson::DateTime::from_millis(from.timestamp_millis() + minutes * 60_000);
    let occurrence = format!("evt_{:032x}_20310101T000000Z", 1);
    (0..count)
        .map(|number| doc! { "startsAt": at(10 * number), "endsAt": at(10 * number + 10), "occurrence": &occurrence })
        .collect()
}

#[tokio::test]
async fn an_agenda_has_an_end_but_forgets_what_is_over() {
    let stage = Stage::new().await;
    let event = stage.event(EventBuilder::once(datetime!(2031-04-01 09:00)).build()).await;
    let member = stage.member().await;
    let agendas = stage.database.collection("agendas");
    let this = doc! { "_id": member.to_string() };
    let upcoming = bson::DateTime::builder().year(2032).month(1).day(1).build().unwrap();
    agendas.update_one(this.clone(), doc! { "$set": { "busy": entries(upcoming, 1_000) } }).await.unwrap();
    let outcome = stage.register(wish(&event, member), &by(member).build()).await;
    assert!(matches!(refusal(outcome), Refusal::LimitExceeded { limit: 1_000, .. }));

    let over = bson::DateTime::builder().year(2030).month(1).day(1).build().unwrap();
    agendas.update_one(this.clone(), doc! { "$set": { "busy": entries(over, 1_000) } }).await.unwrap();
    stage.register(wish(&event, member), &by(member).build()).await.unwrap();
    let agenda = agendas.find_one(this).await.unwrap().unwrap();
    assert_eq!(agenda.get_array("busy").unwrap().len(), 1);
    stage.assert_sound().await;
}
