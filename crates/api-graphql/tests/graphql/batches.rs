//! Objects that fields need one by one are read together, for lists of any length.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use convene_application::{
    caller::TenantScope,
    catalogue::Replica,
    change::Change,
    failure::{Fault, Outcome},
    limits::EXAMINED_OBJECTS,
    page::{BoundedPage, PageRequest},
    ports::{
        Catalogue, CatalogueQuery, Changed, Duplication, EventDeleted, EventEdit, EventFilter, EventPosition,
        EventRestored, Events, MemberFilter, MemberPatch, MemberRemoved, Members, MockRegistrations,
        OccurrenceCancellation, OccurrenceEdit, OccurrenceRestoration, RegistrationFilter, RegistrationPage,
        RegistrationPosition, Registrations, ResolvedOccurrence, SeatCounts, WindowParts,
    },
    testing::memory::InMemory,
};
use convene_domain::{
    event::Event,
    id::{EventId, MemberId, RegistrationId},
    member::Member,
    occurrence::{Occurrence, OccurrenceKey},
    registration::Registration,
    text::UserId,
};
use serde_json::{Value, json};

use super::support::{ADA, Api, BOB, CLEO, ports};

/// A port that counts how often it is called.
struct Counting<P: ?Sized> {
    port: Arc<P>,
    calls: Arc<AtomicUsize>,
}

impl<P: ?Sized> Counting<P> {
    fn called(&self) -> &P {
        self.calls.fetch_add(1, Ordering::Relaxed);
        &self.port
    }
}

#[async_trait]
impl Catalogue for Counting<dyn Catalogue> {
    /// There is none, so that the other methods are used.
    async fn replica(&self, _: &TenantScope) -> Result<Option<Arc<Replica>>, Fault> {
        Ok(None)
    }

    fn held(&self, _: &TenantScope) -> Option<Arc<Replica>> {
        None
    }

    async fn windows(
        &self,
        scope: &TenantScope,
        queries: &[CatalogueQuery],
    ) -> Result<Box<dyn WindowParts>, Fault> {
        self.called().windows(scope, queries).await
    }

    async fn seats(&self, scope: &TenantScope, keys: &[OccurrenceKey]) -> Result<Vec<SeatCounts>, Fault> {
        self.called().seats(scope, keys).await
    }

    async fn stored(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
    ) -> Result<Vec<ResolvedOccurrence>, Fault> {
        self.called().stored(scope, keys).await
    }
}

#[async_trait]
impl Registrations for Counting<dyn Registrations> {
    async fn get_many(
        &self,
        scope: &TenantScope,
        ids: &[RegistrationId],
    ) -> Result<Vec<Registration>, Fault> {
        self.called().get_many(scope, ids).await
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
    ) -> Result<RegistrationPage, Fault> {
        self.called().list(scope, filter, page).await
    }

    async fn count(&self, scope: &TenantScope, filter: RegistrationFilter) -> Result<Option<u32>, Fault> {
        self.called().count(scope, filter).await
    }

    async fn list_by_occurrence(
        &self,
        scope: &TenantScope,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
        examined: usize,
    ) -> Result<HashMap<OccurrenceKey, RegistrationPage>, Fault> {
        self.called().list_by_occurrence(scope, occurrences, filter, page, examined).await
    }

    async fn list_by_event(
        &self,
        scope: &TenantScope,
        events: &[EventId],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
        examined: usize,
    ) -> Result<HashMap<EventId, RegistrationPage>, Fault> {
        self.called().list_by_event(scope, events, filter, page, examined).await
    }

    async fn count_by_occurrence(
        &self,
        scope: &TenantScope,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
        examined: usize,
    ) -> Result<HashMap<OccurrenceKey, Option<u32>>, Fault> {
        self.called().count_by_occurrence(scope, occurrences, filter, examined).await
    }

    async fn count_by_event(
        &self,
        scope: &TenantScope,
        events: &[EventId],
        filter: RegistrationFilter,
        examined: usize,
    ) -> Result<HashMap<EventId, Option<u32>>, Fault> {
        self.called().count_by_event(scope, events, filter, examined).await
    }

    async fn active_of(
        &self,
        scope: &TenantScope,
        member: MemberId,
        occurrences: &[OccurrenceKey],
    ) -> Result<Vec<Registration>, Fault> {
        self.called().active_of(scope, member, occurrences).await
    }

    async fn waitlist_positions(
        &self,
        scope: &TenantScope,
        ids: &[RegistrationId],
    ) -> Result<HashMap<RegistrationId, u32>, Fault> {
        self.called().waitlist_positions(scope, ids).await
    }
}

#[async_trait]
impl Members for Counting<dyn Members> {
    async fn add(&self, scope: &TenantScope, member: Member, change: &Change) -> Outcome<Member> {
        self.called().add(scope, member, change).await
    }

    async fn update(
        &self,
        scope: &TenantScope,
        id: MemberId,
        patch: MemberPatch,
        change: &Change,
    ) -> Outcome<Member> {
        self.called().update(scope, id, patch, change).await
    }

    async fn remove(&self, scope: &TenantScope, id: MemberId, change: &Change) -> Outcome<MemberRemoved> {
        self.called().remove(scope, id, change).await
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[MemberId]) -> Result<Vec<Member>, Fault> {
        self.called().get_many(scope, ids).await
    }

    async fn get_many_with_removed(
        &self,
        scope: &TenantScope,
        ids: &[MemberId],
    ) -> Result<Vec<Member>, Fault> {
        self.called().get_many_with_removed(scope, ids).await
    }

    async fn memberships(&self, scope: &TenantScope, user: &UserId) -> Result<Vec<MemberId>, Fault> {
        self.called().memberships(scope, user).await
    }

    async fn find_by_user_id(&self, scope: &TenantScope, user: &UserId) -> Result<Option<Member>, Fault> {
        self.called().find_by_user_id(scope, user).await
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: MemberFilter,
        page: PageRequest<MemberId>,
    ) -> Result<BoundedPage<Member, MemberId>, Fault> {
        self.called().list(scope, filter, page).await
    }

    async fn count(&self, scope: &TenantScope, filter: MemberFilter) -> Result<Option<u32>, Fault> {
        self.called().count(scope, filter).await
    }
}

#[async_trait]
impl Events for Counting<dyn Events> {
    async fn create(&self, scope: &TenantScope, event: Event, change: &Change) -> Outcome<Event> {
        self.called().create(scope, event, change).await
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[EventId]) -> Result<Vec<Event>, Fault> {
        self.called().get_many(scope, ids).await
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: EventFilter,
        page: PageRequest<EventPosition>,
        held: Option<Arc<Replica>>,
    ) -> Result<BoundedPage<Arc<Event>, EventPosition>, Fault> {
        self.called().list(scope, filter, page, held).await
    }

    async fn count(&self, scope: &TenantScope, filter: EventFilter) -> Result<Option<u32>, Fault> {
        self.called().count(scope, filter).await
    }

    async fn update(&self, scope: &TenantScope, edit: EventEdit, change: &Change) -> Outcome<Changed<Event>> {
        self.called().update(scope, edit, change).await
    }

    async fn cancel(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<Changed<Event>> {
        self.called().cancel(scope, id, change).await
    }

    async fn restore(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<EventRestored> {
        self.called().restore(scope, id, change).await
    }

    async fn duplicate(
        &self,
        scope: &TenantScope,
        duplication: Duplication,
        change: &Change,
    ) -> Outcome<Event> {
        self.called().duplicate(scope, duplication, change).await
    }

    async fn delete(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<EventDeleted> {
        self.called().delete(scope, id, change).await
    }

    async fn update_occurrence(
        &self,
        scope: &TenantScope,
        edit: OccurrenceEdit,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>> {
        self.called().update_occurrence(scope, edit, change).await
    }

    async fn cancel_occurrence(
        &self,
        scope: &TenantScope,
        cancellation: OccurrenceCancellation,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>> {
        self.called().cancel_occurrence(scope, cancellation, change).await
    }

    async fn restore_occurrence(
        &self,
        scope: &TenantScope,
        restoration: OccurrenceRestoration,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>> {
        self.called().restore_occurrence(scope, restoration, change).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_takes_as_many_calls_as_a_short_one() {
    let calls = Arc::new(AtomicUsize::new(0));
    let adapters = InMemory::new().adapters();
    let directory = adapters.directory.clone();
    let mut counted = ports(adapters);
    counted.members = Arc::new(Counting { port: counted.members, calls: Arc::clone(&calls) });
    counted.events = Arc::new(Counting { port: counted.events, calls: Arc::clone(&calls) });
    counted.catalogue = Arc::new(Counting { port: counted.catalogue, calls: Arc::clone(&calls) });
    counted.registrations = Arc::new(Counting { port: counted.registrations, calls: Arc::clone(&calls) });
    let api = Api::with_members(Api::on(directory, counted)).await;
    for number in 0..4 {
        let event = api.weekly_event(ADA, 1).await;
        let caller = [BOB, CLEO][number % 2];
        api.register(caller, &event.occurrences[number % 3]).await;
        let input = json!({"occurrenceId": event.occurrences[number % 3], "joinWaitlist": true});
        api.change(ADA, "registerForOccurrence", input, "registration { status }").await;
        let input = json!({"title": "Badges", "description": "", "eventId": event.id});
        api.change(caller, "createIssue", input, "issue { id }").await;
    }

    let documents = [
        "query($first: Int) { registrations(first: $first) { nodes { waitlistPosition member { userId } occurrence { \
         id event { title } viewerRegistration { id waitlistPosition } } } } }",
        "query($first: Int) { occurrences(from: \"2031-04-01T00:00:00Z\", to: \"2031-05-01T00:00:00Z\", first: $first) { \
         nodes { event { id } viewerRegistration { member { userId } } } } }",
        "query($first: Int) { events(first: $first) { nodes { \
         a: occurrences(from: \"2031-04-01T00:00:00Z\", to: \"2031-05-01T00:00:00Z\", first: $first) { nodes { \
         registrations(first: $first) { nodes { member { userId } occurrence { event { \
         occurrences(from: \"2031-04-01T00:00:00Z\", to: \"2031-04-09T00:00:00Z\", first: $first) { nodes { id } } } } } } } } \
         b: occurrences(from: \"2031-04-10T00:00:00Z\", to: \"2031-05-01T00:00:00Z\", first: 1) { nodes { \
         registrations(filter: {status: CONFIRMED}, first: 1) { nodes { id } } } } } } }",
        "query($first: Int) { events(first: $first) { nodes { registrations(first: $first) { nodes { member { userId } } totalCount } } } }",
        "query($first: Int) { events(first: $first) { nodes { \
         occurrences(from: \"2031-04-01T00:00:00Z\", to: \"2031-05-01T00:00:00Z\", first: $first) { nodes { \
         all: registrations(first: 1) { totalCount } \
         some: registrations(first: 1, filter: {status: CONFIRMED}) { totalCount } } } } } }",
        "query($first: Int) { issues(first: $first) { nodes { event { title } createdBy { userId } assignee { id } } } }",
    ];
    for document in documents {
        let mut taken = Vec::new();
        for first in [1, 8] {
            let before = calls.load(Ordering::Relaxed);
            let answer = api.ask(ADA, document, json!({"first": first})).await;
            assert_eq!(answer.get("errors"), None::<&Value>, "{document}");
            taken.push(calls.load(Ordering::Relaxed) - before);
        }
        assert_eq!(taken[0], taken[1], "{document}");
        assert!(taken[1] <= 12, "{taken:?} {document}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_are_read_at_once_compare_as_many_objects_as_one() {
    let examined = Arc::new(AtomicUsize::new(0));
    let sum = Arc::clone(&examined);
    let mut registrations = MockRegistrations::new();
    registrations.expect_list_by_event().returning(move |_, events, _, _, each| {
        sum.fetch_add(each * events.len(), Ordering::Relaxed);
        Ok(HashMap::new())
    });
    let adapters = InMemory::new().adapters();
    let directory = adapters.directory.clone();
    let mut ports = ports(adapters);
    ports.registrations = Arc::new(registrations);
    let api = Api::with_members(Api::on(directory, ports)).await;
    let event = api.weekly_event(ADA, 1).await;
    let lists = (1..=12).map(|first| {
        format!(
            "a{first}: registrations(first: {first}, filter: {{status: WAITLISTED}}) {{ nodes {{ id }} }}"
        )
    });
    let document = format!("{{ event(id: \"{}\") {{ {} }} }}", event.id, lists.collect::<Vec<_>>().join(" "));
    let answer = api.ask(ADA, &document, json!({})).await;
    assert_eq!(answer.get("errors"), None::<&Value>, "{document}");
    let examined = examined.load(Ordering::Relaxed);
    assert!((EXAMINED_OBJECTS / 2..=EXAMINED_OBJECTS).contains(&examined), "{examined}");
}
