//! Restored and duplicated events and occurrences.

use serde_json::{Value, json};

use super::support::{ADA, Api};

fn codes(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_occurrence_is_restored_completely_or_by_field() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 3).await;
    let occurrence = &event.occurrences[0];
    let selection =
        "occurrence { title capacity status isException } cancelledRegistrations promotedRegistrations";
    let input = json!({"occurrenceId": occurrence, "title": "Solo", "capacity": 1});
    api.change(ADA, "updateOccurrence", input, "occurrence { id }").await;
    api.change(ADA, "cancelOccurrence", json!({"occurrenceId": occurrence}), "occurrence { id }").await;
    let input = json!({"occurrenceId": occurrence, "fields": ["STATUS", "TITLE"]});
    let restored = api.change(ADA, "restoreOccurrence", input, selection).await;
    assert_eq!(
        restored["occurrence"],
        json!({"title": "Rehearsal", "capacity": 1, "status": "SCHEDULED", "isException": true})
    );
    let all = json!({"occurrenceId": occurrence, "fields": []});
    let dry = json!({"occurrenceId": occurrence, "fields": [], "dryRun": true});
    let restored = [dry, all.clone()].map(|input| api.change(ADA, "restoreOccurrence", input, selection));
    for restored in restored {
        assert_eq!(
            restored.await["occurrence"],
            json!({"title": "Rehearsal", "capacity": 3, "status": "SCHEDULED", "isException": false})
        );
    }
    let again = api.mutate(ADA, "restoreOccurrence", all, selection).await;
    assert_eq!((codes(&again), &again["occurrence"]), (vec!["NOT_CANCELLED"], &Value::Null));
}
