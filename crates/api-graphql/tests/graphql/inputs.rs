//! All problems of an input are reported at once, each with its field.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::support::{ADA, Api};

#[tokio::test(flavor = "multi_thread")]
async fn all_problems_of_an_event_are_reported_at_once() {
    let api = Api::start().await;
    let input = json!({
        "title": "\u{202e}x", "location": "a\nb", "timeZone": "Europe/Atlantis", "startsAt": "2031-02-30T09:00",
        "duration": "P1M", "capacity": 0, "registrationOpens": "P32D", "idempotencyKey": "",
        "recurrence": {
            "frequency": "MONTHLY", "interval": 0, "byMonthDay": [32],
            "byWeekday": [{"day": "MONDAY"}, {"day": "FRIDAY", "nth": 6}], "until": "soon",
            "exdates": ["2031-04-07T09:00", "never"], "rdates": vec!["2031-04-07T09:00"; 367],
        },
    });
    let payload = api.mutate(ADA, "createEvent", input, "event { id }").await;
    let errors = payload["userErrors"].as_array().unwrap();
    let told: Vec<String> =
        errors.iter().map(|error| error["message"].as_str().unwrap().to_owned()).collect();
    assert_json_snapshot!(told, @r#"
    [
      "title must not contain the character U+202E",
      "location must not contain the character U+000A",
      "timeZone must be the exact name of an IANA time zone, such as Europe/Paris",
      "startsAt must be a date and time that exists, without an offset, such as 2026-11-22T10:00:00",
      "duration must be an ISO 8601 duration such as PT1H30M, in weeks, days, hours, minutes or seconds",
      "recurrence.rdates must have at most 366 items",
      "recurrence.byWeekday.1.nth must be from 1 to 5 or from -1 to -5",
      "recurrence.until must be a date and time that exists, without an offset, such as 2026-11-22T10:00:00",
      "recurrence.interval must be 1 to 1000",
      "recurrence.byMonthDay takes numbers from 1 to 31, or from -1 to -31 to count from the end",
      "recurrence.exdates.1 must be a date and time that exists, without an offset, such as 2026-11-22T10:00:00",
      "capacity must be from 1 to 1000000",
      "registrationOpens must be from PT0S to P31D",
      "idempotencyKey must not be empty"
    ]
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_given_as_rrule_or_as_parts() {
    let api = Api::start().await;
    let document = "query($recurrence: RecurrenceInput!) { previewRecurrence(input: {timeZone: \"Europe/Paris\", \
                    startsAt: \"2031-03-29T02:30\", duration: \"PT1H\", recurrence: $recurrence, first: 2}) { summary \
                    occurrences { startsAt localStart shifted } userErrors { field message } } }";
    let preview = async |recurrence: Value| {
        let mut answer = api.ask(ADA, document, json!({"recurrence": recurrence})).await;
        answer["data"]["previewRecurrence"].take()
    };
    assert_json_snapshot!(preview(json!({})).await["userErrors"], @r#"
    [
      {
        "field": [
          "recurrence",
          "frequency"
        ],
        "message": "recurrence.frequency must be given, or rrule instead"
      }
    ]
    "#);
    let wrong =
        json!({"interval": 0, "byMonth": [13], "byWeekday": [{"day": "MONDAY", "nth": 6}], "until": "never"});
    let problems = preview(wrong).await["userErrors"].take();
    let fields: Vec<String> =
        problems.as_array().unwrap().iter().map(|problem| problem["field"][1].to_string()).collect();
    let expected = ["byWeekday", "until", "frequency", "interval", "byMonth"];
    assert_eq!(fields, expected.map(|field| format!("\"{field}\"")), "without a frequency");
    let both = json!({"rrule": "FREQ=DAILY", "frequency": "DAILY", "count": 1});
    assert_json_snapshot!(preview(both).await["userErrors"], @r#"
    [
      {
        "field": [
          "recurrence",
          "frequency"
        ],
        "message": "recurrence.frequency must not be given together with rrule"
      },
      {
        "field": [
          "recurrence",
          "count"
        ],
        "message": "recurrence.count must not be given together with rrule"
      }
    ]
    "#);
    assert_json_snapshot!(preview(json!({"rrule": "FREQ=DAILY;INTERVAL=0;BYDAY=XX"})).await["userErrors"], @r#"
    [
      {
        "field": [
          "recurrence",
          "rrule"
        ],
        "message": "recurrence.rrule INTERVAL must be 1 to 1000"
      },
      {
        "field": [
          "recurrence",
          "rrule"
        ],
        "message": "recurrence.rrule BYDAY takes days such as MO, or 1MO and -1FR, separated by commas"
      }
    ]
    "#);
    assert_json_snapshot!(preview(json!({"frequency": "WEEKLY", "byWeekday": [{"day": "MONDAY", "nth": 1}]})).await
        ["userErrors"], @r#"
    [
      {
        "field": [
          "recurrence",
          "byWeekday"
        ],
        "message": "recurrence.byWeekday takes numbered days only in MONTHLY and YEARLY rules"
      }
    ]
    "#);
    // 02:30 does not exist on the second day: clocks go forward over it.
    assert_json_snapshot!(preview(json!({"rrule": "FREQ=DAILY"})).await, @r#"
    {
      "occurrences": [
        {
          "localStart": "2031-03-29T02:30:00",
          "shifted": false,
          "startsAt": "2031-03-29T01:30:00Z"
        },
        {
          "localStart": "2031-03-30T03:30:00",
          "shifted": true,
          "startsAt": "2031-03-30T01:30:00Z"
        }
      ],
      "summary": "every day",
      "userErrors": []
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn null_clears_a_field_and_absence_keeps_it() {
    let api = Api::start().await;
    let input = json!({
        "title": "Choir", "startsAt": "2031-04-07T09:00", "duration": "PT1H", "capacity": 5, "registrationOpens": "P7D",
        "recurrence": {"frequency": "DAILY", "count": 2},
    });
    let created = api.change(ADA, "createEvent", input, "event { id }").await;
    let id = &created["event"]["id"];
    let selection = "event { title registrationOpens recurrence { rrule } version }";
    let kept = api.change(ADA, "updateEvent", json!({"eventId": id, "title": "Opera"}), selection).await;
    assert_eq!(
        kept["event"],
        json!({"title": "Opera", "registrationOpens": "P7D", "recurrence": {"rrule": "FREQ=DAILY;COUNT=2"}, "version": 2})
    );
    let cleared = json!({"eventId": id, "registrationOpens": null, "recurrence": null});
    let cleared = api.change(ADA, "updateEvent", cleared, selection).await;
    assert_eq!(
        cleared["event"],
        json!({"title": "Opera", "registrationOpens": null, "recurrence": null, "version": 3})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_checked_whole() {
    let api = Api::start().await;
    let errors = async |from: &str, to: &str| {
        let document =
            "query($from: DateTime!, $to: DateTime!) { occurrences(from: $from, to: $to) { nodes { id } } }";
        let mut answer = api.ask(ADA, document, json!({"from": from, "to": to})).await;
        assert!(answer["data"].is_null());
        answer["errors"][0].take()
    };
    let error = errors("2031-01-01", "9999-12-31T23:59:59-23:59").await;
    assert_json_snapshot!(error["extensions"], @r#"
    {
      "code": "INVALID_INPUT",
      "field": [
        "from"
      ],
      "problems": [
        {
          "code": "INVALID_INPUT",
          "field": [
            "from"
          ],
          "message": "from must be a date and time that exists, in RFC 3339 with an offset, such as 2026-11-22T09:00:00Z"
        },
        {
          "code": "INVALID_INPUT",
          "field": [
            "to"
          ],
          "message": "to must be in the years 1970 to 2099"
        }
      ]
    }
    "#);
    let error = errors("2031-01-02T00:00:00Z", "2031-01-01T00:00:00Z").await;
    assert_eq!(error["extensions"], json!({"code": "INVALID_INPUT", "field": ["to"]}));
    let error = errors("2031-01-01T00:00:00Z", "2032-01-03T00:00:00Z").await;
    assert_eq!(error["extensions"], json!({"code": "INVALID_INPUT", "field": ["to"]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_has_a_duration_or_an_end_or_whole_days() {
    let api = Api::start().await;
    let create = async |times: Value| {
        let mut input = json!({"title": "Choir", "timeZone": "Europe/Paris", "capacity": 5});
        input.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let selection = "event { startsAt duration allDay }";
        let payload = api.mutate(ADA, "createEvent", input, selection).await;
        let errors = payload["userErrors"].as_array().unwrap();
        let told = errors.iter().map(|error| error["message"].as_str().unwrap().to_owned());
        let told: Vec<String> = told.collect();
        if told.is_empty() { payload["event"].clone() } else { json!(told) }
    };
    let given = |starts_at: &str, duration: &str, all_day: bool| json!({"startsAt": starts_at, "duration": duration, "allDay": all_day});
    let sunday = "2031-03-30T00:00:00";
    for (times, expected) in [
        (json!({"startsAt": sunday, "duration": "P1D"}), given(sunday, "P1D", true)),
        (json!({"startsAt": sunday, "duration": "PT24H"}), given(sunday, "PT24H", false)),
        (json!({"startsAt": sunday, "duration": "P1W"}), given(sunday, "P1W", true)),
        (json!({"startsAt": sunday, "endsAt": "2031-03-30T05:00"}), given(sunday, "PT4H", false)),
        (json!({"startsAt": sunday, "endsAt": "2031-03-31T00:00"}), given(sunday, "P1D", true)),
        (json!({"allDay": true, "startsOn": "2031-03-30"}), given(sunday, "P1D", true)),
        (
            json!({"allDay": true, "startsOn": "2031-03-30", "endsOn": "2031-04-01"}),
            given(sunday, "P3D", true),
        ),
    ] {
        assert_eq!(create(times.clone()).await, expected, "{times}");
    }
    let refused = [
        json!({}),
        json!({"startsAt": sunday}),
        json!({"startsAt": sunday, "duration": "PT1H", "endsAt": "2031-03-30T01:00"}),
        json!({"startsAt": sunday, "endsAt": sunday}),
        json!({"startsAt": sunday, "endsAt": "2031-03-29T23:00"}),
        json!({"startsAt": sunday, "endsAt": "2031-05-30T00:00"}),
        json!({"startsAt": sunday, "duration": "PT1H", "startsOn": "2031-03-30", "endsOn": "2031-03-30"}),
        json!({"allDay": true}),
        json!({"allDay": true, "startsAt": sunday, "duration": "P1D", "endsAt": "2031-03-30T10:00"}),
        json!({"allDay": true, "startsOn": "2031-03-30", "endsOn": "2031-03-29"}),
        json!({"allDay": true, "startsOn": "2031-03-30", "endsOn": "2031-04-30"}),
        json!({"allDay": true, "startsOn": "30.3.2031"}),
        json!({
            "allDay": true, "startsOn": "2031-03-30",
            "recurrence": {"frequency": "DAILY", "count": 2, "rdates": ["2031-05-01T10:00"]},
        }),
        json!({
            "allDay": true, "startsOn": "2031-03-30",
            "recurrence": {"rrule": "FREQ=DAILY;BYHOUR=0,12;COUNT=3"},
        }),
        json!({
            "allDay": true, "startsOn": "2031-03-30",
            "recurrence": {
                "frequency": "DAILY", "interval": 0, "exdates": ["2031-04-01T10:00", "never"],
                "rdates": ["2031-05-01T10:00"],
            },
        }),
    ];
    let mut told = Vec::new();
    for times in refused {
        told.push(create(times).await);
    }
    assert_json_snapshot!(told, @r#"
    [
      [
        "startsAt must be given",
        "duration must be given, or endsAt"
      ],
      [
        "duration must be given, or endsAt"
      ],
      [
        "endsAt must not be given together with duration"
      ],
      [
        "endsAt must be after startsAt"
      ],
      [
        "endsAt must be after startsAt"
      ],
      [
        "endsAt must be from 1 minute to 31 days after startsAt"
      ],
      [
        "startsOn goes with allDay only, and without startsAt, duration and endsAt",
        "endsOn goes with allDay only, and without startsAt, duration and endsAt"
      ],
      [
        "startsOn must be given with allDay"
      ],
      [
        "startsOn must be given with allDay",
        "startsAt must not be given with allDay; give startsOn and endsOn",
        "duration must not be given with allDay; give startsOn and endsOn",
        "endsAt must not be given with allDay; give startsOn and endsOn"
      ],
      [
        "endsOn must not be before startsOn"
      ],
      [
        "endsOn must be at most 30 days after startsOn"
      ],
      [
        "startsOn must be a day that exists, without a time, such as 2026-11-22"
      ],
      [
        "recurrence.rdates must be at midnight, because of allDay"
      ],
      [
        "recurrence must have no times of day, because of allDay"
      ],
      [
        "recurrence.interval must be 1 to 1000",
        "recurrence.exdates.1 must be a date and time that exists, without an offset, such as 2026-11-22T10:00:00",
        "recurrence.exdates must be at midnight, because of allDay",
        "recurrence.rdates must be at midnight, because of allDay"
      ]
    ]
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_days_are_edited_as_days() {
    let api = Api::start().await;
    let input = json!({
        "title": "Fair", "timeZone": "Europe/Paris", "capacity": 5, "allDay": true,
        "startsOn": "2031-03-30", "endsOn": "2031-03-31",
    });
    let created = api.change(ADA, "createEvent", input, "event { id }").await;
    let edit = async |change: Value| {
        let mut input = json!({"eventId": created["event"]["id"]});
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let selection = "event { startsAt duration allDay }";
        let payload = api.mutate(ADA, "updateEvent", input, selection).await;
        match payload["userErrors"].as_array().unwrap().first() {
            Some(error) => error["message"].clone(),
            None => payload["event"].clone(),
        }
    };
    let event = |starts_at: &str, duration: &str, all_day: bool| json!({"startsAt": starts_at, "duration": duration, "allDay": all_day});
    let later = "2031-04-05T00:00:00";
    assert_eq!(edit(json!({"startsOn": "2031-04-05"})).await, event(later, "P2D", true));
    assert_eq!(edit(json!({"endsOn": "2031-04-05"})).await, event(later, "P1D", true));
    let message = "startsAt must be given with a time of day, or a duration that is not of whole days";
    assert_eq!(edit(json!({"allDay": false})).await, json!(message));
    let timed = json!({"allDay": false, "startsAt": "2031-04-05T10:00", "endsAt": "2031-04-05T12:30"});
    assert_eq!(edit(timed).await, event("2031-04-05T10:00:00", "PT2H30M", false));
    assert_eq!(edit(json!({"startsOn": "2031-04-06"})).await, json!("startsOn goes with allDay only"));
    assert_eq!(edit(json!({"endsAt": "2031-04-05T09:00"})).await, json!("endsAt must be after startsAt"));
    assert_eq!(
        edit(json!({"endsAt": "2031-04-05T11:00"})).await,
        event("2031-04-05T10:00:00", "PT1H", false)
    );
    assert_eq!(edit(json!({"allDay": true})).await, event(later, "P1D", true));
}

/// An update leaves out what it keeps. Null would remove a value that every object has.
#[tokio::test(flavor = "multi_thread")]
async fn null_for_a_value_that_cannot_be_removed_is_refused_by_name() {
    let api = Api::start().await;
    let viewer = api.read(ADA, "{ viewer { member { id } } }").await;
    let member = &viewer["viewer"]["member"]["id"];
    let issue =
        api.change(ADA, "createIssue", json!({"title": "A", "description": ""}), "issue { id }").await;
    let issue = &issue["issue"]["id"];
    let event = api.weekly_event(ADA, 1).await;
    for (mutation, target, fields) in [
        ("updateOrganization", json!({}), &["name", "timeZone"][..]),
        ("updateMember", json!({"memberId": member}), &["displayName", "role"]),
        ("updateIssue", json!({"issueId": issue}), &["title", "description", "status", "priority"]),
        (
            "updateEvent",
            json!({"eventId": event.id}),
            &[
                "title",
                "description",
                "location",
                "timeZone",
                "startsAt",
                "duration",
                "endsAt",
                "startsOn",
                "endsOn",
                "allDay",
                "capacity",
            ],
        ),
        (
            "updateOccurrence",
            json!({"occurrenceId": event.occurrences[1]}),
            &["title", "location", "startsAt", "duration", "endsAt", "capacity"],
        ),
    ] {
        let mut input = target;
        for field in fields {
            input[field] = Value::Null;
        }
        let payload = api.mutate(ADA, mutation, input, "__typename").await;
        let expected: Vec<Value> = fields
            .iter()
            .map(|field| {
                let message = format!("{field} must not be null");
                json!({"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": [field], "message": message})
            })
            .collect();
        assert_eq!(payload["userErrors"], json!(expected), "{mutation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shown_values_of_an_event_preview_its_dates() {
    let api = Api::start().await;
    let shown = "event { id startsAt recurrence { rrule ruleStartsAt exdates rdates } }";
    // The first date is an added one, before the start of the rule.
    let dates = ["2031-04-02T09:00:00", "2031-04-07T09:00:00", "2031-04-14T09:00:00"];
    let input = json!({
        "title": "Choir", "timeZone": "UTC", "startsAt": dates[1], "duration": "PT1H", "capacity": 9,
        "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=3", "rdates": [dates[0]], "exdates": ["2031-04-21T09:00:00"]},
    });
    let event = api.mutate(ADA, "createEvent", input, shown).await["event"].take();
    assert_eq!(event["startsAt"], dates[0]);
    let mut recurrence = event["recurrence"].clone();
    let start = recurrence.as_object_mut().unwrap().remove("ruleStartsAt").unwrap();
    let document = "query($start: LocalDateTime!, $recurrence: RecurrenceInput!) { previewRecurrence(input: {timeZone: \
                    \"UTC\", startsAt: $start, duration: \"PT1H\", recurrence: $recurrence}) { occurrences { \
                    localStart } userErrors { message } } }";
    let mut answer = api.ask(ADA, document, json!({"start": start, "recurrence": recurrence})).await;
    let preview = answer["data"]["previewRecurrence"].take();
    let expected: Vec<Value> = dates.iter().map(|date| json!({"localStart": date})).collect();
    assert_eq!(preview["occurrences"], json!(expected), "{preview}");
}
