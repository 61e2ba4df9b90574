//! The metrics move with what the book does.

use bson::doc;
use convene_application::testing::builders::EventBuilder;
use futures::future::join_all;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use time::macros::datetime;

use crate::support::{Scenario, by, first, request_for, waitlist_request_for};

/// The value of a metric, given its name and labels as they are rendered.
fn value(handle: &PrometheusHandle, metric: &str) -> Option<f64> {
    let text = handle.render();
    let line = text.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '))?;
    Some(line.parse().unwrap())
}

#[tokio::test]
async fn batches_waits_the_cache_and_promotions_are_measured() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(2).build()).await;
    let members = scenario.crowd(3).await;

    let seat = scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    assert_eq!(value(&handle, "convene_registration_batch_size_count"), Some(1.0));
    assert_eq!(value(&handle, "convene_registration_batch_size_sum"), Some(1.0));
    assert_eq!(value(&handle, "convene_registration_queue_wait_seconds_count"), Some(1.0));
    assert_eq!(value(&handle, r#"convene_occurrence_cache_total{result="miss"}"#), Some(1.0));
    assert_eq!(value(&handle, r#"convene_occurrence_cache_total{result="hit"}"#), Some(0.0));
    let counted = |operation: &str, outcome: &str, code: &str| {
        let labels = format!(r#"operation="{operation}",outcome="{outcome}",code="{code}""#);
        value(&handle, &format!("convene_registrations_total{{{labels}}}"))
    };
    assert_eq!(counted("register", "confirmed", ""), Some(1.0));
    let commits = r#"convene_database_command_seconds_count{command="commitTransaction"}"#;
    assert!(value(&handle, commits).unwrap() >= 1.0);

    scenario.register(waitlist_request_for(&event, members[1]), &by(members[1]).build()).await.unwrap();
    assert_eq!(value(&handle, r#"convene_occurrence_cache_total{result="hit"}"#), Some(1.0));

    scenario.register(waitlist_request_for(&event, members[2]), &by(members[2]).build()).await.unwrap();
    assert_eq!(value(&handle, "convene_registrations_promoted_total"), Some(0.0));
    assert!(scenario.cancel(&seat, &by(members[0]).build()).await.unwrap().promoted.is_some());
    assert_eq!(value(&handle, "convene_registrations_promoted_total"), Some(1.0));
    assert_eq!(value(&handle, "convene_registration_queue_depth"), Some(0.0));
    assert_eq!(counted("cancel", "cancelled", ""), Some(1.0));
    let again = scenario.register(request_for(&event, members[1]), &by(members[1]).build()).await;
    assert!(again.is_err());
    assert_eq!(counted("register", "refused", "ALREADY_REGISTERED"), Some(1.0));
}

#[tokio::test]
async fn a_stale_cache_entry_and_the_retry_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(5).build()).await;
    let members = scenario.crowd(2).await;
    scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    let edited = doc! { "$set": { "changeToken": 7_i64 } };
    let this = doc! { "_id": first(&event).to_string() };
    scenario.database.collection("occurrences").update_one(this, edited).await.unwrap();

    scenario.register(request_for(&event, members[1]), &by(members[1]).build()).await.unwrap();
    assert_eq!(value(&handle, r#"convene_occurrence_cache_total{result="stale"}"#), Some(1.0));
    assert_eq!(value(&handle, "convene_transaction_retries_total"), Some(1.0));
}

#[tokio::test]
async fn waiting_requests_and_split_batches_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(5).build()).await;
    let members = scenario.crowd(3).await;
    scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    // Another process writes the occurrence, so that every run of a batch has a conflict.
    let mut writer = scenario.database.client.start_session().await.unwrap();
    writer.start_transaction().await.unwrap();
    let (this, edited) =
        (doc! { "_id": first(&event).to_string() }, doc! { "$set": { "changeToken": 7_i64 } });
    let occurrences = scenario.database.collection("occurrences");
    occurrences.update_one(this, edited).session(&mut writer).await.unwrap();

    let calls = members[1..].iter().map(|&member| {
        let (scenario, event) = (&scenario, &event);
        async move { scenario.register(request_for(event, member), &by(member).build()).await }
    });
    let release = async {
        while value(&handle, "convene_registration_batches_split_total") != Some(1.0) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        writer.abort_transaction().await.unwrap();
    };
    let (outcomes, ()) = futures::join!(join_all(calls), release);
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(value(&handle, "convene_registration_batch_size_sum"), Some(3.0));
}
