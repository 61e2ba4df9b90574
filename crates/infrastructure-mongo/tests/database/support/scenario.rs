use bson::{Bson, Document, doc};
use convene_application::{
    change::Change,
    failure::{Failure, Outcome, Refusal},
    ports::{CancelRequest, Cancelled, RegisterRequest, RegistrationBook},
    testing::{
        FixedClock,
        builders::{ChangeBuilder, fresh_uuid, occurrence_key, register},
    },
};
use convene_domain::{
    event::Event,
    id::MemberId,
    member::Role,
    occurrence::OccurrenceKey,
    registration::Registration,
    text::{Description, FoldedText},
    time::Instant,
};
use convene_infrastructure_mongo::{
    check::Report,
    registration::{BookSettings, MissingGuard, MongoRegistrationBook},
};

use super::{Commands, Tenant, TestDatabase};

/// An organization with events and members, and the registration books of one or more processes.
pub(crate) struct Scenario {
    pub(crate) database: TestDatabase,
    pub(crate) tenant: Tenant,
    pub(crate) books: Vec<MongoRegistrationBook>,
}

impl Scenario {
    /// A scenario with one process.
    pub(crate) async fn new() -> Self {
        Self::with(BookSettings::default()).await
    }

    /// A scenario with one process and these settings.
    pub(crate) async fn with(settings: BookSettings) -> Self {
        let database = TestDatabase::prepared().await;
        let tenant = database.organization("tenant").await;
        let books = vec![database.ports.start_registration_book(settings)];
        Self { database, tenant, books }
    }

    /// A scenario with one process, and the commands that its client sends.
    pub(crate) async fn watched() -> (Self, Commands) {
        let (database, commands) = TestDatabase::watched().await;
        let tenant = database.organization("tenant").await;
        let books = vec![database.ports.start_registration_book(BookSettings::default())];
        (Self { database, tenant, books }, commands)
    }

    /// A scenario with one process whose book lacks a guard.
    pub(crate) async fn without(guard: MissingGuard) -> Self {
        let mut scenario = Self::new().await;
        scenario.books = vec![scenario.database.ports.start_registration_book_without(guard)];
        scenario
    }

    /// A scenario with two processes.
    pub(crate) async fn with_two_processes() -> Self {
        let mut scenario = Self::new().await;
        let other = scenario.database.another_process().await;
        scenario.books.push(other.start_registration_book(BookSettings::default()));
        scenario
    }

    /// Stores new members directly, because there may be thousands.
    pub(crate) async fn crowd(&self, size: usize) -> Vec<MemberId> {
        let ids: Vec<MemberId> = (0..size).map(|_| MemberId::from_uuid(fresh_uuid())).collect();
        let organization = self.tenant.scope.organization().to_string();
        let now = date(FixedClock::START);
        let member = |id: &MemberId| {
            doc! {
                "_id": id.to_string(), "organization": &organization, "userId": id.to_string(), "displayName": "Ada",
                "role": "MEMBER", "status": "ACTIVE", "version": 1, "createdAt": now, "updatedAt": now,
            }
        };
        let agenda = |id: &MemberId| {
            doc! { "_id": id.to_string(), "organization": &organization, "busy": Bson::Array(Vec::new()) }
        };
        self.database.collection("members").insert_many(ids.iter().map(member)).await.unwrap();
        self.database.collection("agendas").insert_many(ids.iter().map(agenda)).await.unwrap();
        ids
    }

    /// One new member.
    pub(crate) async fn member(&self) -> MemberId {
        self.crowd(1).await[0]
    }

    /// Stores an event without any occurrence.
    pub(crate) async fn event(&self, event: Event) -> Event {
        let series = &event.series;
        let local = |local: convene_domain::time::LocalDateTime| {
            let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
            local.format(&format).unwrap()
        };
        let recurrence = series.rule().map(|rule| {
            doc! { "rule": rule.to_string(), "exdates": Bson::Array(Vec::new()), "rdates": Bson::Array(Vec::new()) }
        });
        let lead = |lead: Option<convene_domain::duration::LeadTime>| lead.map(|lead| seconds(lead.get()));
        let search = FoldedText::of_object(&event.title, &Description::parse("").unwrap());
        let mut document = doc! {
            "_id": event.id.to_string(),
            "organization": self.tenant.scope.organization().to_string(),
            "title": event.title.to_string(),
            "sortTitle": FoldedText::of(event.title.as_str()).into_string(),
            "description": "",
            "searchBytes": i32::try_from(search.as_str().len()).unwrap(),
            "search": search.into_string(),
            "location": "",
            "startsAt": local(series.start()),
            "timeZone": series.zone().name(),
            "durationSeconds": seconds(event.duration.get()),
            "recurring": recurrence.is_some(),
            "recurrence": recurrence,
            "capacity": i32::try_from(event.capacity.get()).unwrap(),
            "status": event.status.as_str(),
            "version": i32::try_from(event.version).unwrap(),
            "revision": 1_i64,
            "firstStart": date(series.first_start()),
            "lastEnd": series.last_end(event.duration.get()).map(date),
            "createdAt": date(event.created_at),
            "updatedAt": date(event.updated_at),
        };
        let policy = [
            ("registrationOpensSeconds", lead(event.policy.opens)),
            ("registrationClosesSeconds", lead(event.policy.closes)),
            ("cancellationClosesSeconds", lead(event.policy.cancellation_closes)),
        ];
        document.extend(
            policy.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Bson::from(value?)))),
        );
        self.database.collection("events").insert_one(document).await.unwrap();
        event
    }

    /// Registers a member in the first process.
    pub(crate) async fn register(&self, request: RegisterRequest, change: &Change) -> Outcome<Registration> {
        self.register_by(0, request, change).await
    }

    /// Registers a member in one of the processes.
    pub(crate) async fn register_by(
        &self,
        process: usize,
        request: RegisterRequest,
        change: &Change,
    ) -> Outcome<Registration> {
        self.books[process % self.books.len()].register(&self.tenant.scope, request, change).await
    }

    /// Cancels a registration on behalf of its member.
    pub(crate) async fn cancel(&self, registration: &Registration, change: &Change) -> Outcome<Cancelled> {
        self.cancel_by(0, registration, change).await
    }

    /// Cancels a registration in one of the processes.
    pub(crate) async fn cancel_by(
        &self,
        process: usize,
        registration: &Registration,
        change: &Change,
    ) -> Outcome<Cancelled> {
        let request = CancelRequest::for_tests(registration.id, registration.member, Role::Member);
        self.books[process % self.books.len()].cancel(&self.tenant.scope, request, change).await
    }

    /// Registers a member in one of the processes. again with the same key for as long as a repeat may help: a machine
    /// that is busy with other tests may need more time than one call has.
    pub(crate) async fn register_with_repeats(
        &self,
        process: usize,
        request: RegisterRequest,
    ) -> Outcome<Registration> {
        let change = by(request.member).key(&request.id.to_string(), 1).build();
        let mut outcome = self.register_by(process, request, &change).await;
        for _ in 0..MAX_REPEATS {
            match outcome {
                Err(Failure::Fault(fault)) if fault.kind().is_retryable() => {}
                outcome => return outcome,
            }
            outcome = self.register_by(process, request, &change).await;
        }
        outcome
    }

    /// Cancels a registration and repeats the call after a retryable fault.
    pub(crate) async fn cancel_with_repeats(
        &self,
        process: usize,
        registration: &Registration,
    ) -> Outcome<Cancelled> {
        self.cancel_with_key(process, registration, &format!("cancel {}", registration.id)).await
    }

    /// Cancels a registration with this key and repeats the call after a retryable fault.
    pub(crate) async fn cancel_with_key(
        &self,
        process: usize,
        registration: &Registration,
        key: &str,
    ) -> Outcome<Cancelled> {
        let change = by(registration.member).key(key, 1).build();
        let mut outcome = self.cancel_by(process, registration, &change).await;
        for _ in 0..MAX_REPEATS {
            match outcome {
                Err(Failure::Fault(fault)) if fault.kind().is_retryable() => {}
                outcome => return outcome,
            }
            outcome = self.cancel_by(process, registration, &change).await;
        }
        outcome
    }

    /// The stored occurrence.
    pub(crate) async fn occurrence(&self, key: OccurrenceKey) -> Option<Document> {
        self.database.collection("occurrences").find_one(doc! { "_id": key.to_string() }).await.unwrap()
    }

    /// The numbers of confirmed and waitlisted registrations of the occurrence.
    pub(crate) async fn counts(&self, key: OccurrenceKey) -> (i32, i32) {
        let occurrence = self.occurrence(key).await.unwrap();
        (occurrence.get_i32("taken").unwrap(), occurrence.get_i32("waiting").unwrap())
    }

    /// Checks the invariants of the whole database.
    pub(crate) async fn report(&self) -> Report {
        self.database.ports.check(FixedClock::START).await.unwrap()
    }

    /// Asserts that all invariants hold.
    pub(crate) async fn assert_sound(&self) {
        let report = self.report().await;
        assert!(report.is_clean(), "{report}");
        assert!(report.findings.iter().any(|finding| finding.examined > 0), "{report}");
    }

    /// Removes the validator of a collection.
    pub(crate) async fn without_validator(&self, collection: &str) {
        self.database.raw().run_command(doc! { "collMod": collection, "validator": {} }).await.unwrap();
    }
}

/// The number of repeats of a call.
const MAX_REPEATS: usize = 10;

/// A member's own change.
pub(crate) fn by(member: MemberId) -> ChangeBuilder {
    ChangeBuilder::by(&member.to_string())
}

/// The event's first occurrence.
pub(crate) fn first(event: &Event) -> OccurrenceKey {
    OccurrenceKey { event: event.id, original_start: event.series.first_start() }
}

/// A request to register for the event's first occurrence.
pub(crate) fn request_for(event: &Event, member: MemberId) -> RegisterRequest {
    register(occurrence_key(event, event.series.first_start()), member)
}

/// The same request, with the waitlist if there is no free seat.
pub(crate) fn waitlist_request_for(event: &Event, member: MemberId) -> RegisterRequest {
    RegisterRequest { join_waitlist: true, ..request_for(event, member) }
}

/// The only refusal of an outcome.
pub(crate) fn refusal<T: std::fmt::Debug>(outcome: Outcome<T>) -> Refusal {
    match outcome {
        Err(Failure::Refused(refusals)) if refusals.len() == 1 => refusals[0].clone(),
        other => panic!("not one refusal, but {other:?}"),
    }
}

pub(super) fn date(instant: Instant) -> bson::DateTime {
    bson::DateTime::from_time_0_3(instant.to_offset(time::UtcOffset::UTC))
}

fn seconds(duration: time::Duration) -> i32 {
    i32::try_from(duration.whole_seconds()).unwrap()
}
