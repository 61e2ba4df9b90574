//! `docs/limits.md` against the limits in the code.

use convene_api_graphql::{
    auth::{InFlightLimits, MAX_TOKEN_LENGTH},
    errors::limits::{MAX_ERRORS, MAX_LOCATIONS, MAX_MESSAGE_LENGTH, MAX_PROBLEMS},
    graphql::limits::DocumentLimits,
    http::{
        graphql::{MAX_DOCUMENT_BYTES, MAX_PERSISTED_BYTES},
        limits::{HttpLimits, SMALL_BODY_BYTES, SMALL_RESPONSE_BYTES},
        memory,
    },
    request_id, rest, strict_json,
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
    admission::{DEFAULT_CONNECTIONS, MAX_WAITING, MAX_WAITING_OF_MEMBER, MAX_WAITING_OF_ORGANIZATION},
    jobs::STEP_SIZE,
    registration::{BookSettings, MAX_REQUESTS_PER_MEMBER},
};

#[test]
fn the_documented_limits_are_those_of_the_code() {
    let (http, document) = (HttpLimits::default(), DocumentLimits::default());
    let (book, in_flight) = (BookSettings::default(), InFlightLimits::default());
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
        ("values of a list in a rule", recurrence::LIST_VALUES.to_string()),
        ("bytes of a rule as text", recurrence::RULE_TEXT.to_string()),
        ("bytes of a series in iCalendar lines", recurrence::SERIES_TEXT.to_string()),
        ("reschedules of a series after its start", Event::MAX_EARLIER_SCHEDULES.to_string()),
        ("former ids of an occurrence", limits::FORMER_IDS.to_string()),
        ("upcoming registrations of a member", limits::UPCOMING_REGISTRATIONS.to_string()),
        ("upcoming waitlists of a member", limits::WAITLISTED_REGISTRATIONS.to_string()),
        ("registrations that follow one edit", limits::EDITED_REGISTRATIONS.to_string()),
        ("registrations of a step", STEP_SIZE.to_string()),
        (
            "cancelled registrations of a member for an occurrence",
            limits::CANCELLED_REGISTRATIONS.to_string(),
        ),
        ("registrations that a refusal lists", limits::LISTED_REGISTRATIONS.to_string()),
        ("dropped exceptions that the result of an edit lists", limits::DROPPED_EXCEPTIONS.to_string()),
        ("requests that wait in the queue of a process", book.queue.to_string()),
        ("waiting requests of a member", MAX_REQUESTS_PER_MEMBER.to_string()),
        ("requests of a batch", book.batch.to_string()),
        ("hours for which an idempotency key is kept", IDEMPOTENCY_WINDOW.whole_hours().to_string()),
        ("connections of a process by default", DEFAULT_CONNECTIONS.to_string()),
        ("calls that wait in a process", MAX_WAITING.to_string()),
        ("waiting calls of an organization", MAX_WAITING_OF_ORGANIZATION.to_string()),
        ("waiting calls of a member to the database", MAX_WAITING_OF_MEMBER.to_string()),
        ("items of a page", PageSize::MAX.to_string()),
        ("items of a page by default", limits::DEFAULT_PAGE_SIZE.to_string()),
        ("occurrences of a page by default", limits::DEFAULT_OCCURRENCES_PAGE_SIZE.to_string()),
        ("days of a window of occurrences", LONGEST_WINDOW.whole_days().to_string()),
        ("items of a list in a filter", limits::FILTER_VALUES.to_string()),
        ("ids of one lookup", limits::IDS.to_string()),
        ("occurrences that a list examines for a page", limits::EXAMINED_OCCURRENCES.to_string()),
        ("bytes of the index of occurrences of an organization", limits::INDEX_BYTES.to_string()),
        ("occurrences of a day in the index", limits::INDEXED_OCCURRENCES.to_string()),
        ("objects that a search examines for a page", limits::SEARCHED_OBJECTS.to_string()),
        ("members that a search examines for a page", limits::SEARCHED_MEMBERS.to_string()),
        ("objects that are counted", limits::COUNTED.to_string()),
        (
            "events whose rules are asked for a number of events in a period",
            limits::COUNTED_IN_PERIOD.to_string(),
        ),
        ("bytes that a search examines for a page", limits::SEARCHED_BYTES.to_string()),
        ("bytes of a body", http.body_bytes.to_string()),
        ("bytes of the headers", http.header_bytes.to_string()),
        ("bytes of a token", MAX_TOKEN_LENGTH.to_string()),
        ("characters of a request id", request_id::MAX_LENGTH.to_string()),
        ("seconds for the headers", http.header_time.as_secs().to_string()),
        ("seconds for the body", http.body_time.as_secs().to_string()),
        ("seconds for the request", http.request_time.as_secs().to_string()),
        ("seconds for which a client may leave its response unread", http.write_time.as_secs().to_string()),
        ("bytes a second that a client reads at least", http.write_rate.to_string()),
        ("connections of a process", http.connections.to_string()),
        ("connections from one address", http.connections_per_address.to_string()),
        ("requests of a caller in flight", in_flight.caller.to_string()),
        ("requests of an organization in flight", in_flight.organization.to_string()),
        ("requests of a process in flight", in_flight.process.to_string()),
        ("bytes of large bodies", http.bodies_bytes.to_string()),
        ("bytes of a small body", SMALL_BODY_BYTES.to_string()),
        ("bytes of unsent large responses", http.unsent_bytes.to_string()),
        ("bytes of large requests that are executed", http.execution_bytes.to_string()),
        ("share of an organization in each of these memories", format!("1/{}", memory::ORGANIZATIONS)),
        ("share of a caller in each of these memories", format!("1/{}", memory::CALLERS)),
        ("bytes of a small response", SMALL_RESPONSE_BYTES.to_string()),
        ("depth of a document", document.depth.to_string()),
        ("depth of a query of the schema", document.introspection_depth.to_string()),
        ("nested lists of a query of the schema", document.introspection_lists.to_string()),
        ("tokens of a document", document.tokens.to_string()),
        ("aliases of a document", document.aliases.to_string()),
        ("root fields of a document", document.root_fields.to_string()),
        ("directives of a document", document.directives.to_string()),
        ("cost of a document", document.cost.to_string()),
        ("bytes of a document", document.bytes.to_string()),
        ("bytes of compiled documents in memory", MAX_DOCUMENT_BYTES.to_string()),
        ("bytes of documents that are known by their hash", MAX_PERSISTED_BYTES.to_string()),
        ("values of a JSON text", strict_json::MAX_VALUES.to_string()),
        ("nested lists and objects of a JSON text", strict_json::MAX_NESTING.to_string()),
        ("fields of a REST body", rest::MAX_FIELDS.to_string()),
        ("parameters of a REST query string", rest::MAX_PARAMETERS.to_string()),
        ("errors of a response", MAX_ERRORS.to_string()),
        ("positions of an error", MAX_LOCATIONS.to_string()),
        ("further problems of the inputs of a request", MAX_PROBLEMS.to_string()),
        ("characters of an error message", MAX_MESSAGE_LENGTH.to_string()),
    ];
    let rows = include_str!("../../../../docs/limits.md").lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        Some((cells.next()?, cells.next()?.to_owned()))
    });
    let documented: Vec<_> = rows.filter(|(name, _)| *name != "limit").collect();
    assert_eq!(documented, in_code);
}
