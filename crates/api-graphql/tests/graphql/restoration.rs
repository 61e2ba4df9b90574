//! Restored and duplicated events and occurrences.

use serde_json::{Value, json};

use super::support::{ADA, Api, BOB, text};

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

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_restored_and_lists_who_held_a_seat() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 3).await;
    let lost = api.register(BOB, &event.occurrences[1]).await;
    let selection =
        "event { status version } formerRegistrations { id status member { userId } occurrence { id } }";
    let not_cancelled = api.mutate(ADA, "restoreEvent", json!({"eventId": event.id}), selection).await;
    assert_eq!((codes(&not_cancelled), &not_cancelled["event"]), (vec!["NOT_CANCELLED"], &Value::Null));
    api.change(ADA, "cancelEvent", json!({"eventId": event.id}), "event { id }").await;
    let dry = api.change(ADA, "restoreEvent", json!({"eventId": event.id, "dryRun": true}), selection).await;
    let restored = api.change(ADA, "restoreEvent", json!({"eventId": event.id}), selection).await;
    assert_eq!(dry, restored);
    assert_eq!(restored["event"], json!({"status": "SCHEDULED", "version": 3}));
    assert_eq!(
        restored["formerRegistrations"],
        json!([{
            "id": lost, "status": "CANCELLED", "member": {"userId": "bob"},
            "occurrence": {"id": event.occurrences[1]},
        }])
    );
    assert_ne!(api.register(BOB, &event.occurrences[1]).await, lost);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_an_event_has_its_dates_at_the_new_start() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 3).await;
    api.register(BOB, &event.occurrences[0]).await;
    let selection = "event { id title startsAt status capacity recurrence { rrule } occurrences(from: \
                     \"2031-04-01T00:00:00Z\", to: \"2032-01-01T00:00:00Z\") { nodes { startsAt registeredCount } } }";
    let input = json!({"eventId": event.id, "startsAt": "2031-09-02T10:00:00"});
    let copy = api.change(ADA, "duplicateEvent", input, selection).await["event"].take();
    assert_ne!(text(&copy["id"]), event.id);
    assert_eq!(
        (&copy["title"], &copy["startsAt"], &copy["capacity"]),
        (&json!("Rehearsal"), &json!("2031-09-02T10:00:00"), &json!(3))
    );
    let starts = ["2031-09-02T08:00:00Z", "2031-09-09T08:00:00Z", "2031-09-16T08:00:00Z"];
    let expected: Vec<Value> =
        starts.into_iter().map(|start| json!({"startsAt": start, "registeredCount": 0})).collect();
    assert_eq!(copy["occurrences"]["nodes"], json!(expected));

    let both = json!({"eventId": event.id, "startsAt": "2031-09-02T10:00:00", "startsOn": "2031-09-02"});
    let day = json!({"eventId": event.id, "startsOn": "2031-09-02"});
    for (input, message) in [
        (both, "startsOn must not be given together with startsAt"),
        (day, "startsOn goes with events of whole days only; give startsAt"),
    ] {
        let refused = api.mutate(ADA, "duplicateEvent", input, "event { id }").await;
        let refused = refused["userErrors"][0].clone();
        assert_eq!((&refused["field"], &refused["message"]), (&json!(["startsOn"]), &json!(message)));
    }
}
