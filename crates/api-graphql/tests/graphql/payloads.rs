//! The complete responses of the main operations.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::support::{ADA, Api, BOB, CLEO, text};

const REGISTRATION: &str = "registration { id status startsAt endsAt waitlistPosition member { userId } occurrence { \
                            id registeredCount availableSeats waitlistedCount registrationState viewerRegistration { \
                            id } event { title } } }";

/// A response without ids, which differ and mean nothing to readers.
fn without_ids(answer: Value) -> Value {
    match answer {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, _)| name != "id")
            .map(|(name, value)| (name, without_ids(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_ids).collect(),
        other => other,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_shows_everything_about_itself() {
    let api = Api::start().await;
    let input = json!({
        "title": "  Choir ", "description": "Bring\nscores", "location": "Hall 1", "timeZone": "America/New_York",
        "startsAt": "2031-03-06T19:00", "duration": "PT90M", "capacity": 12,
        "recurrence": {
            "frequency": "WEEKLY", "interval": 1, "byWeekday": [{"day": "THURSDAY"}], "count": 3,
            "exdates": ["2031-03-13T19:00"],
        },
        "registrationOpens": "P2W", "cancellationCloses": "PT24H",
    });
    let selection = "event { title description location timeZone startsAt duration capacity status version \
                     registrationOpens registrationCloses cancellationCloses createdAt recurrence { frequency rrule \
                     exdates rdates summary } occurrences(from: \"2031-03-01T00:00:00Z\", to: \
                     \"2031-04-01T00:00:00Z\") { nodes { originalStart startsAt endsAt title isException status \
                     registrationState } pageInfo { hasNextPage } } }";
    let payload = api.mutate(ADA, "createEvent", input, selection).await;
    assert_json_snapshot!(payload, @r#"
    {
      "event": {
        "cancellationCloses": "P1D",
        "capacity": 12,
        "createdAt": "2031-03-03T08:00:00Z",
        "description": "Bring\nscores",
        "duration": "PT1H30M",
        "location": "Hall 1",
        "occurrences": {
          "nodes": [
            {
              "endsAt": "2031-03-07T01:30:00Z",
              "isException": false,
              "originalStart": "2031-03-07T00:00:00Z",
              "registrationState": "OPEN",
              "startsAt": "2031-03-07T00:00:00Z",
              "status": "SCHEDULED",
              "title": "Choir"
            },
            {
              "endsAt": "2031-03-21T00:30:00Z",
              "isException": false,
              "originalStart": "2031-03-20T23:00:00Z",
              "registrationState": "NOT_YET_OPEN",
              "startsAt": "2031-03-20T23:00:00Z",
              "status": "SCHEDULED",
              "title": "Choir"
            }
          ],
          "pageInfo": {
            "hasNextPage": false
          }
        },
        "recurrence": {
          "exdates": [
            "2031-03-13T19:00:00"
          ],
          "frequency": "WEEKLY",
          "rdates": [],
          "rrule": "FREQ=WEEKLY;COUNT=3;BYDAY=TH",
          "summary": "every week on Thursday, 3 times"
        },
        "registrationCloses": null,
        "registrationOpens": "P14D",
        "startsAt": "2031-03-06T19:00:00",
        "status": "SCHEDULED",
        "timeZone": "America/New_York",
        "title": "Choir",
        "version": 1
      },
      "userErrors": []
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_waiting_cancelling_and_promoting_show_the_registration() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 1).await;
    let occurrence = &event.occurrences[0];
    let input = json!({"occurrenceId": occurrence});
    let taken = api.mutate(BOB, "registerForOccurrence", input.clone(), REGISTRATION).await;
    assert_json_snapshot!(without_ids(taken.clone()), @r#"
    {
      "registration": {
        "endsAt": "2031-04-07T08:00:00Z",
        "member": {
          "userId": "bob"
        },
        "occurrence": {
          "availableSeats": 0,
          "event": {
            "title": "Rehearsal"
          },
          "registeredCount": 1,
          "registrationState": "FULL",
          "viewerRegistration": {},
          "waitlistedCount": 0
        },
        "startsAt": "2031-04-07T07:00:00Z",
        "status": "CONFIRMED",
        "waitlistPosition": null
      },
      "userErrors": []
    }
    "#);

    let full = api.mutate(CLEO, "registerForOccurrence", input, "registration { id }").await;
    assert_json_snapshot!(full, @r#"
    {
      "registration": null,
      "userErrors": [
        {
          "__typename": "Refused",
          "code": "OCCURRENCE_FULL",
          "field": null,
          "message": "every seat of the occurrence is taken"
        }
      ]
    }
    "#);

    let input = json!({"occurrenceId": occurrence, "joinWaitlist": true});
    let waiting = api.mutate(CLEO, "registerForOccurrence", input, REGISTRATION).await;
    assert_eq!(waiting["registration"]["status"], json!("WAITLISTED"));
    assert_eq!(waiting["registration"]["waitlistPosition"], json!(1));

    // The promoted registration belongs to another member, so bob does not see it.
    let input = json!({"registrationId": taken["registration"]["id"]});
    let selection = "registration { status cancelledAt cancellationReason } promoted { id }";
    let cancelled = api.mutate(BOB, "cancelRegistration", input.clone(), selection).await;
    assert_json_snapshot!(cancelled, @r#"
    {
      "promoted": null,
      "registration": {
        "cancellationReason": "BY_MEMBER",
        "cancelledAt": "2031-03-03T08:00:00Z",
        "status": "CANCELLED"
      },
      "userErrors": []
    }
    "#);
    let own = api.read(CLEO, "{ viewer { registrations { nodes { status waitlistPosition } } } }").await;
    assert_eq!(
        own["viewer"]["registrations"]["nodes"],
        json!([{"status": "CONFIRMED", "waitlistPosition": null}])
    );

    let again = api.mutate(BOB, "cancelRegistration", input, selection).await;
    assert_json_snapshot!(again, @r#"
    {
      "promoted": null,
      "registration": null,
      "userErrors": [
        {
          "__typename": "Refused",
          "code": "ALREADY_CANCELLED",
          "field": null,
          "message": "it is already cancelled"
        }
      ]
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_contains_the_conflicting_registration() {
    let api = Api::start().await;
    let first = api.weekly_event(ADA, 5).await;
    let second = api.weekly_event(ADA, 5).await;
    let held = api.register(BOB, &first.occurrences[0]).await;
    let document = "mutation($input: RegisterForOccurrenceInput!) { registerForOccurrence(input: $input) { registration \
                    { id } userErrors { __typename code message field ... on ScheduleConflict { conflictsWith { id \
                    occurrence { id } } } } } }";
    let answer = api.ask(BOB, document, json!({"input": {"occurrenceId": second.occurrences[0]}})).await;
    let error = &answer["data"]["registerForOccurrence"]["userErrors"][0];
    assert_eq!(error["conflictsWith"], json!({"id": held, "occurrence": {"id": first.occurrences[0]}}));
    assert_eq!(
        (&error["__typename"], &error["code"]),
        (&json!("ScheduleConflict"), &json!("SCHEDULE_CONFLICT"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn other_refusals_carry_their_data() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 5).await;
    let held = api.register(BOB, &event.occurrences[0]).await;

    let document = "mutation($id: ID!) { updateEvent(input: {eventId: $id, expectedVersion: 9, title: \"x\"}) { \
                    userErrors { __typename code field ... on VersionConflict { currentVersion } } } deleteEvent(input: \
                    {eventId: $id}) { deletedEventId userErrors { __typename code ... on RegistrationsAffected { \
                    affectedCount registrations { id member { userId } } } } } }";
    let answer = api.ask(ADA, document, json!({"id": event.id})).await;
    assert_eq!(
        answer["data"],
        json!({
            "updateEvent": {"userErrors": [{
                "__typename": "VersionConflict", "code": "VERSION_CONFLICT", "field": ["expectedVersion"],
                "currentVersion": 1,
            }]},
            "deleteEvent": {"deletedEventId": null, "userErrors": [{
                "__typename": "RegistrationsAffected", "code": "REGISTRATIONS_AFFECTED", "affectedCount": 1,
                "registrations": [{"id": held, "member": {"userId": "bob"}}],
            }]},
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_shows_the_state_after_the_mutation() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 5).await;
    // The second mutation must not show objects that were read for the first.
    let document = "mutation($one: RegisterForOccurrenceInput!, $two: RegisterForOccurrenceInput!) { one: \
                    registerForOccurrence(input: $one) { registration { occurrence { registeredCount } } } two: \
                    registerForOccurrence(input: $two) { registration { occurrence { registeredCount } } } }";
    let members = api.read(ADA, "{ members { nodes { id userId } } }").await;
    let members = members["members"]["nodes"].as_array().unwrap();
    let of = |user: &str| text(&members.iter().find(|member| member["userId"] == json!(user)).unwrap()["id"]);
    let input = |user: &str| json!({"occurrenceId": event.occurrences[0], "memberId": of(user)});
    let answer = api.ask(ADA, document, json!({"one": input("bob"), "two": input("cleo")})).await;
    let count = |name: &str| answer["data"][name]["registration"]["occurrence"]["registeredCount"].clone();
    assert_eq!((count("one"), count("two")), (json!(1), json!(2)), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_is_reported_changed_and_deleted() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 5).await;
    let input = json!({"title": "Projector", "description": "Flickers", "eventId": event.id});
    let selection =
        "issue { id number title status priority assignee { userId } event { title } createdBy { userId } }";
    let created = api.mutate(BOB, "createIssue", input, selection).await;
    assert_json_snapshot!(without_ids(created.clone()), @r#"
    {
      "issue": {
        "assignee": null,
        "createdBy": {
          "userId": "bob"
        },
        "event": {
          "title": "Rehearsal"
        },
        "number": 1,
        "priority": "MEDIUM",
        "status": "OPEN",
        "title": "Projector"
      },
      "userErrors": []
    }
    "#);

    let issue = text(&created["issue"]["id"]);
    let ada = api.read(ADA, "{ viewer { member { id } } }").await["viewer"]["member"]["id"].take();
    let input = json!({"issueId": issue, "status": "IN_PROGRESS", "assigneeId": ada, "eventId": null});
    let updated = api.change(ADA, "updateIssue", input, selection).await;
    assert_eq!(updated["issue"]["assignee"], json!({"userId": "ada"}));
    assert_eq!(updated["issue"]["event"], Value::Null);

    // An absent field stays; a null field is cleared.
    let updated =
        api.change(ADA, "updateIssue", json!({"issueId": issue, "title": "Beamer"}), selection).await;
    assert_eq!(updated["issue"]["assignee"], json!({"userId": "ada"}));
    let updated =
        api.change(ADA, "updateIssue", json!({"issueId": issue, "assigneeId": null}), selection).await;
    assert_eq!(updated["issue"]["assignee"], Value::Null);
}
