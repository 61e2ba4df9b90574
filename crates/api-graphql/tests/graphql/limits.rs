//! `docs/limits.md` against the limits in the code.

use convene_api_graphql::{
    auth::{
        FETCH_TIME, InFlightLimits, MAX_ANSWER_BYTES, MAX_KEYS, MAX_TOKEN_LENGTH, MAX_WAITING_FOR_KEYS,
        RefreshTimes,
    },
    config::{MAX_LEEWAY, MAX_PROVIDERS},
    errors::limits::{MAX_ERRORS, MAX_INPUT_FIELDS, MAX_LOCATIONS, MAX_MESSAGE_LENGTH, MAX_PROBLEMS},
    graphql::limits::{DocumentLimits, PARSER_NESTING},
    http::{
        graphql::{MAX_DOCUMENT_BYTES, MAX_PERSISTED_BYTES},
        limits::{
            BODY_PARTS, BYTES_OF_PART, COMPILING_BYTES, DISCARDED_BYTES, HEAD_BYTES, HEADERS, HttpLimits,
            LATE_BODY_TIME, PROBE_CONNECTIONS, PROBE_CONNECTIONS_PER_ADDRESS, QUEUED_REQUESTS, READ_BYTES,
            SMALL_BODY_BYTES, SMALL_RESPONSE_BYTES,
        },
        memory,
    },
    request_id, rest, strict_json,
    telemetry::MAX_QUEUED_SPANS,
};
use convene_application::{
    idempotency::IDEMPOTENCY_WINDOW, limits, occurrence::LONGEST_WINDOW, page::PageSize,
};
use convene_domain::{
    capacity::Capacity,
    duration::LONGEST,
    event::Event,
    recurrence::limits as recurrence,
    text::{
        Description, DisplayName, Email, IdempotencyKey, Location, OrganizationName, SearchText, Slug, Title,
        UserId,
    },
};
use convene_infrastructure_mongo::{
    admission::{DEFAULT_CONNECTIONS, MAX_WAITING, MAX_WAITING_OF_MEMBER, MAX_WAITING_OF_ORGANIZATION, WAIT},
    jobs::{MAX_REMAINING, STEP_SIZE},
    registration::{BookSettings, MAX_REQUESTS_PER_MEMBER},
};

/// The number as the page shows it: bytes as KiB or MiB, years as they are, and others with a comma before each three digits.
fn readable(name: &str, value: &str) -> String {
    let Ok(number) = value.parse::<u64>() else { return value.to_owned() };
    if name.ends_with(" year") {
        return value.to_owned();
    }
    if name.starts_with("bytes ") && number.is_multiple_of(1 << 20) {
        return format!("{} MiB", number >> 20);
    }
    if name.starts_with("bytes ") && number.is_multiple_of(1 << 10) {
        return format!("{} KiB", number >> 10);
    }
    let mut digits = value.to_owned();
    let mut end = digits.len();
    while end > 3 {
        end -= 3;
        digits.insert(end, ',');
    }
    digits
}

#[test]
fn numbers_are_readable() {
    let numbers = [
        ("items", "1", "1"),
        ("items", "500", "500"),
        ("items", "5000", "5,000"),
        ("items", "1000000", "1,000,000"),
        ("last year", "2099", "2099"),
        ("share", "1/2", "1/2"),
        ("bytes of a body", "262144", "256 KiB"),
        ("bytes of large bodies", "67108864", "64 MiB"),
        ("bytes of a token", "1000", "1,000"),
    ];
    for (name, value, expected) in numbers {
        assert_eq!(readable(name, value), expected, "{name}");
    }
}

#[test]
fn the_documented_limits_are_those_of_the_code() {
    let (http, document) = (HttpLimits::default(), DocumentLimits::default());
    let (book, in_flight) = (BookSettings::default(), InFlightLimits::default());
    let refresh = RefreshTimes::default();
    let in_code = [
        ("title of an event or issue", Title::MAX_CHARACTERS.to_string()),
        ("description", Description::MAX_CHARACTERS.to_string()),
        ("location", Location::MAX_CHARACTERS.to_string()),
        ("name of an organization", OrganizationName::MAX_CHARACTERS.to_string()),
        ("display name of a member", DisplayName::MAX_CHARACTERS.to_string()),
        ("slug", Slug::MAX_CHARACTERS.to_string()),
        ("email address", Email::MAX_CHARACTERS.to_string()),
        ("user id", UserId::MAX_CHARACTERS.to_string()),
        ("search text", SearchText::MAX_CHARACTERS.to_string()),
        ("idempotency key", IdempotencyKey::MAX_CHARACTERS.to_string()),
        ("seats of an occurrence", Capacity::MAX.to_string()),
        ("days of an occurrence or lead time", LONGEST.whole_days().to_string()),
        ("first year", recurrence::YEARS.start().to_string()),
        ("last year", recurrence::YEARS.end().to_string()),
        ("interval of a rule", recurrence::INTERVAL.end().to_string()),
        ("count of a rule", recurrence::COUNT.end().to_string()),
        ("starts in one day", recurrence::TIMES_A_DAY.to_string()),
        ("exdates, and rdates, of a series", recurrence::EXTRA_DATES.to_string()),
        ("used dates of a series", recurrence::USED_DATES.to_string()),
        ("values of a list in a rule", recurrence::LIST_VALUES.to_string()),
        ("bytes of a rule as text", recurrence::RULE_TEXT.to_string()),
        ("bytes of a series in iCalendar lines", recurrence::SERIES_TEXT.to_string()),
        ("reschedules of a series after its start", Event::MAX_EARLIER_SCHEDULES.to_string()),
        ("bytes of the schedules before reschedules", Event::MAX_EARLIER_BYTES.to_string()),
        ("occurrences ahead of an event that were changed one by one", limits::EXCEPTIONS.to_string()),
        (
            "occurrences ahead of an event that are stored for their versions",
            limits::KEPT_VERSIONS.to_string(),
        ),
        ("occurrences ahead of an event that have registrations", limits::STORED_OCCURRENCES.to_string()),
        ("results of keys that follow the occurrences of an edit", limits::FOLLOWED_RESULTS.to_string()),
        ("former ids of an occurrence", limits::FORMER_IDS.to_string()),
        ("upcoming registrations of a member", limits::UPCOMING_REGISTRATIONS.to_string()),
        ("upcoming waitlists of a member", limits::WAITLISTED_REGISTRATIONS.to_string()),
        ("waitlisted registrations of an occurrence", limits::WAITLIST_LENGTH.to_string()),
        ("registrations that follow one edit", limits::EDITED_REGISTRATIONS.to_string()),
        ("waitlists of the members whose time an edit frees", limits::EXAMINED_WAITLISTS.to_string()),
        ("registrations of a step", STEP_SIZE.to_string()),
        (
            "cancelled registrations of a member for an occurrence",
            limits::CANCELLED_REGISTRATIONS.to_string(),
        ),
        ("registrations that a refusal lists", limits::LISTED_REGISTRATIONS.to_string()),
        (
            "registrations of which the restoration of an event lists those of present members",
            limits::EXAMINED_REGISTRATIONS.to_string(),
        ),
        ("dropped exceptions that the result of an edit lists", limits::DROPPED_EXCEPTIONS.to_string()),
        ("requests that wait in the queue of a process", book.queue.to_string()),
        ("waiting requests of a member", MAX_REQUESTS_PER_MEMBER.to_string()),
        ("requests of a batch", book.batch.to_string()),
        ("hours for which an idempotency key is kept", IDEMPOTENCY_WINDOW.whole_hours().to_string()),
        ("connections of a process by default", DEFAULT_CONNECTIONS.to_string()),
        ("calls that wait in a process", MAX_WAITING.to_string()),
        ("waiting calls of an organization", MAX_WAITING_OF_ORGANIZATION.to_string()),
        ("waiting calls of a member to the database", MAX_WAITING_OF_MEMBER.to_string()),
        ("seconds for which a call waits for a permit, a lock, or both", WAIT.as_secs().to_string()),
        (
            "registrations that remain for jobs which a change of their event completes first",
            MAX_REMAINING.to_string(),
        ),
        ("items of a page", PageSize::MAX.to_string()),
        ("items of a page by default", limits::DEFAULT_PAGE_SIZE.to_string()),
        ("occurrences of a page by default", limits::DEFAULT_OCCURRENCES_PAGE_SIZE.to_string()),
        ("days of a window of occurrences", LONGEST_WINDOW.whole_days().to_string()),
        ("items of a list in a filter", limits::FILTER_VALUES.to_string()),
        ("ids of one lookup", limits::IDS.to_string()),
        ("occurrences that a list examines for a page", limits::EXAMINED_OCCURRENCES.to_string()),
        (
            "seconds for which a list waits while others compute days of the index",
            limits::WAIT_FOR_DAYS.as_secs().to_string(),
        ),
        ("bytes of the index of occurrences of an organization", limits::INDEX_BYTES.to_string()),
        ("days in the index of occurrences of an organization", limits::INDEXED_DAYS.to_string()),
        ("occurrences of a day in the index", limits::INDEXED_OCCURRENCES.to_string()),
        (
            "objects that a list with other conditions examines for a page",
            limits::EXAMINED_OBJECTS.to_string(),
        ),
        (
            "objects that each of many lists inside others examines for a page",
            limits::EXAMINED_OF_EACH.to_string(),
        ),
        ("objects that a search examines for a page", limits::SEARCHED_OBJECTS.to_string()),
        ("organizations that a search examines for a page", limits::SEARCHED_ORGANIZATIONS.to_string()),
        ("members that a search examines for a page", limits::SEARCHED_MEMBERS.to_string()),
        ("objects that are counted", limits::COUNTED.to_string()),
        (
            "events whose rules are asked for a number of events in a period",
            limits::COUNTED_IN_PERIOD.to_string(),
        ),
        ("bytes that a search examines for a page", limits::SEARCHED_BYTES.to_string()),
        (
            "bytes that a search of occurrences examines in memory for a page",
            limits::SEARCHED_BYTES_IN_MEMORY.to_string(),
        ),
        ("bytes of a body", http.body_bytes.to_string()),
        ("bytes of the headers", http.header_bytes.to_string()),
        ("headers", HEADERS.to_string()),
        ("bytes of a token", MAX_TOKEN_LENGTH.to_string()),
        ("characters of a request id", request_id::MAX_LENGTH.to_string()),
        ("seconds for the headers", http.header_time.as_secs().to_string()),
        ("seconds for the body", http.body_time.as_secs().to_string()),
        ("chunks of a body that may be of any size", BODY_PARTS.to_string()),
        ("average bytes of further chunks", BYTES_OF_PART.to_string()),
        ("seconds for the rest of a body after its response", LATE_BODY_TIME.as_secs().to_string()),
        ("bytes of the rest of a body after its response", DISCARDED_BYTES.to_string()),
        ("seconds for the request", http.request_time.as_secs().to_string()),
        ("seconds for which a client may leave its response unread", http.write_time.as_secs().to_string()),
        ("bytes a second that a client reads at least", http.write_rate.to_string()),
        ("connections of a process", http.connections.to_string()),
        ("bytes that a connection reads at once", READ_BYTES.to_string()),
        ("bytes of incomplete headers", HEAD_BYTES.to_string()),
        ("requests of a connection that are read before they are executed", QUEUED_REQUESTS.to_string()),
        ("connections from one address", http.connections_per_address.to_string()),
        (
            "connections from one address that have not sent the headers of a request",
            http.unfinished_per_address().to_string(),
        ),
        ("connections to the address of the probes", PROBE_CONNECTIONS.to_string()),
        (
            "connections from one address to the address of the probes",
            PROBE_CONNECTIONS_PER_ADDRESS.to_string(),
        ),
        ("requests of a caller in flight", in_flight.caller.to_string()),
        ("requests of an organization in flight", in_flight.organization.to_string()),
        ("requests of a process in flight", in_flight.process.to_string()),
        ("bytes of large bodies", http.bodies_bytes.to_string()),
        ("bytes of a small body", SMALL_BODY_BYTES.to_string()),
        ("bytes of unsent large responses", http.unsent_bytes.to_string()),
        ("bytes of large requests that are executed", http.execution_bytes.to_string()),
        (
            "seconds for which a large request waits for this memory",
            http.execution_wait.as_secs().to_string(),
        ),
        ("bytes of documents that are compiled at the same time", COMPILING_BYTES.to_string()),
        ("share of an organization in each of these memories", format!("1/{}", memory::ORGANIZATIONS)),
        ("share of a caller in each of these memories", format!("1/{}", memory::CALLERS)),
        ("bytes of a small response", SMALL_RESPONSE_BYTES.to_string()),
        ("depth of a document", document.depth.to_string()),
        ("depth of a query of the schema", document.introspection_depth.to_string()),
        ("nested lists of a query of the schema", document.introspection_lists.to_string()),
        ("nesting of a document", PARSER_NESTING.to_string()),
        ("tokens of a document", document.tokens.to_string()),
        ("aliases of a document", document.aliases.to_string()),
        ("root fields of a document", document.root_fields.to_string()),
        ("directives of a document", document.directives.to_string()),
        ("cost of a document", document.cost.to_string()),
        ("bytes of the result of a document, as estimated before it runs", document.bytes.to_string()),
        ("bytes of compiled documents in memory", MAX_DOCUMENT_BYTES.to_string()),
        ("bytes of documents that are known by their hash", MAX_PERSISTED_BYTES.to_string()),
        ("values of a JSON text", strict_json::MAX_VALUES.to_string()),
        ("nested lists and objects of a JSON text", strict_json::MAX_NESTING.to_string()),
        ("fields of a REST body", rest::MAX_FIELDS.to_string()),
        ("parameters of a REST query string", rest::MAX_PARAMETERS.to_string()),
        ("spans that wait for their export", MAX_QUEUED_SPANS.to_string()),
        ("errors of a response", MAX_ERRORS.to_string()),
        ("positions of an error", MAX_LOCATIONS.to_string()),
        ("further problems of the inputs of a request", MAX_PROBLEMS.to_string()),
        ("fields of the largest input", MAX_INPUT_FIELDS.to_string()),
        ("characters of an error message", MAX_MESSAGE_LENGTH.to_string()),
        ("identity providers", MAX_PROVIDERS.to_string()),
        ("keys of a provider", MAX_KEYS.to_string()),
        ("bytes of an answer of a provider", MAX_ANSWER_BYTES.to_string()),
        ("seconds for an answer of a provider", FETCH_TIME.as_secs().to_string()),
        ("seconds between two refreshes of keys", refresh.interval.as_secs().to_string()),
        ("seconds between a fetch and one for an unknown key", refresh.pause.as_secs().to_string()),
        ("seconds for which a request waits for keys", refresh.wait.as_secs().to_string()),
        ("requests that wait for the keys of a provider", MAX_WAITING_FOR_KEYS.to_string()),
        (
            "seconds between attempts while a provider does not answer",
            refresh.longest_retry.as_secs().to_string(),
        ),
        (
            "hours for which keys are used without a further answer",
            (refresh.max_age.as_secs() / 3_600).to_string(),
        ),
        ("seconds of leeway", MAX_LEEWAY.as_secs().to_string()),
    ];
    let (limits, _others) =
        include_str!("../../../../docs/limits.md").split_once("## What remains for others").unwrap();
    let rows = limits.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        Some((cells.next()?, cells.next()?.to_owned()))
    });
    let documented: Vec<_> = rows.filter(|(name, _)| *name != "limit").collect();
    let in_code = in_code.map(|(name, value)| (name, readable(name, &value)));
    assert_eq!(documented, in_code);
}
