use std::sync::Arc;

use convene_domain::{
    activity::Activity,
    event::{Event, EventStatus},
    id::{EventId, MemberId},
    member::{Member, Role},
    occurrence::{OccurrenceKey, StoredOccurrence},
    organization::Organization,
    registration::Registration,
    text::SearchText,
    time::{Instant, interval::Interval},
};

use super::support::{Journal, NOW, by_root, by_root_at, edit_of, read_all_pages};
use crate::{
    caller::{Caller, TenantScope},
    failure::Outcome,
    mutation_context::ContextFactory,
    occurrence::{ListOccurrences, OccurrenceOfEvent, OccurrencePosition, OccurrenceQuery},
    page::BoundedPage,
    ports::{
        ActivityFilter, CancelRequest, Cancelled, EditScope, EventEdit, EventPatch, RegisterRequest,
        RegistrationFilter, RegistrationPosition,
    },
    testing::{
        Adapters, FixedClock, SequentialIds,
        builders::{EventBuilder, MemberBuilder, first, fresh_uuid, occurrence_key, register},
    },
};

/// An organization under test, with shortcuts to the most frequent calls.
#[derive(Clone)]
pub(super) struct Tenant {
    pub(super) ports: Adapters,
    pub(super) scope: TenantScope,
    pub(super) organization: Organization,
    pub(super) admin: Member,
}

impl Tenant {
    pub(super) async fn member(&self, user: &str) -> Member {
        self.add(MemberBuilder::new(user)).await
    }

    pub(super) async fn add(&self, member: MemberBuilder) -> Member {
        self.ports.members.add(&self.scope, member.build(), &by_root()).await.expect("a member is added")
    }

    /// Adds members `user-0`, `user-1` and so on.
    pub(super) async fn crowd(&self, size: usize) -> Vec<Member> {
        let mut members = Vec::with_capacity(size);
        for number in 0..size {
            members.push(self.member(&format!("user-{number}")).await);
        }
        members
    }

    pub(super) async fn event(&self, event: EventBuilder) -> Event {
        self.ports.events.create(&self.scope, event.build(), &by_root()).await.expect("an event is created")
    }

    /// The contexts of use cases at [`NOW`].
    pub(super) fn contexts() -> ContextFactory {
        ContextFactory { clock: Arc::new(FixedClock::at(NOW)), ids: Arc::new(SequentialIds::new()) }
    }

    /// The current state of the event.
    pub(super) async fn event_now(&self, event: &Event) -> Event {
        let found = self.ports.events.get_many(&self.scope, &[event.id]).await.expect("events are read");
        found.into_iter().next().expect("the event is there")
    }

    pub(super) async fn try_register(&self, request: RegisterRequest, at: Instant) -> Outcome<Registration> {
        self.ports.registration_book.register(&self.scope, request, &by_root_at(at)).await
    }

    /// Registers for the occurrence that begins at `start`.
    pub(super) async fn seat(&self, event: &Event, start: Instant, member: &Member) -> Registration {
        let request = register(occurrence_key(event, start), member.id);
        self.try_register(request, NOW).await.expect("the registration is confirmed")
    }

    /// Registers for the occurrence that begins at `start`, on the waitlist if it is full.
    pub(super) async fn seat_or_waitlist(
        &self,
        event: &Event,
        start: Instant,
        member: &Member,
    ) -> Registration {
        let request =
            RegisterRequest { join_waitlist: true, ..register(occurrence_key(event, start), member.id) };
        self.try_register(request, NOW).await.expect("the registration is confirmed or waitlisted")
    }

    pub(super) async fn try_cancel(&self, registration: &Registration, at: Instant) -> Outcome<Cancelled> {
        let request =
            CancelRequest { registration: registration.id, caller: registration.member, role: Role::Member };
        self.ports.registration_book.cancel(&self.scope, request, &by_root_at(at)).await
    }

    /// Cancels the registration on behalf of its member.
    pub(super) async fn cancel(&self, registration: &Registration) -> Cancelled {
        self.try_cancel(registration, NOW).await.expect("a registration is cancelled")
    }

    /// Returns the current state of the registration.
    pub(super) async fn registration_now(&self, registration: &Registration) -> Registration {
        let ids = [registration.id];
        let found =
            self.ports.registrations.get_many(&self.scope, &ids).await.expect("registrations are read");
        found.into_iter().next().expect("the registration is there")
    }

    /// Splits the event, without any other change, and returns the second part.
    pub(super) async fn split(&self, event: &Event, start: Instant, patch: EventPatch) -> Event {
        let from = OccurrenceKey { event: event.id, original_start: start };
        let new_event = EventId::from_uuid(fresh_uuid());
        let scope = EditScope::ThisAndFollowing { from, new_event };
        let edit = EventEdit { scope, ..edit_of(event.id, patch) };
        self.ports.events.update(&self.scope, edit, &by_root()).await.expect("an event is split").now
    }

    /// The starts of the occurrences that these events have in a window and that take place, sorted.
    pub(super) async fn listed(&self, events: &[&Event], from: Instant, to: Instant) -> Vec<Instant> {
        let all = self.listed_with_cancelled(events, from, to).await;
        all.into_iter()
            .filter(|(_, status)| *status == EventStatus::Scheduled)
            .map(|(start, _)| start)
            .collect()
    }

    /// The starts of the occurrences that these events have in a window, sorted, each with its status.
    pub(super) async fn listed_with_cancelled(
        &self,
        events: &[&Event],
        from: Instant,
        to: Instant,
    ) -> Vec<(Instant, EventStatus)> {
        let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
        let all = self.listing(&ids, from, to).await;
        all.iter().map(|one| (one.interval.start(), one.status)).collect()
    }

    /// The first 100 occurrences that these events have in a window, sorted, cancelled ones included.
    pub(super) async fn listing(
        &self,
        events: &[EventId],
        from: Instant,
        to: Instant,
    ) -> Vec<OccurrenceOfEvent> {
        let read = |include_cancelled| OccurrenceQuery {
            window: Interval::new(from, to).expect("a window"),
            events: Some(events.to_vec()),
            search: None,
            include_cancelled,
            only_open: false,
            seats: true,
            page: first(100),
        };
        let [all, scheduled] = self.occurrences([read(true), read(false)]).await;
        let keys = |items: &[OccurrenceOfEvent]| -> Vec<OccurrenceKey> {
            let scheduled = items.iter().filter(|one| one.status == EventStatus::Scheduled);
            scheduled.map(|one| one.key).collect()
        };
        assert_eq!(keys(&all.items), keys(&scheduled.items), "the list without cancelled ones");
        all.items
    }

    /// The starts of the occurrences in a window that a search finds, among those of all events and of this event.
    pub(super) async fn found(&self, text: &str, event: EventId, from: Instant, to: Instant) -> Vec<Instant> {
        let read = |events| OccurrenceQuery {
            window: Interval::new(from, to).expect("a window"),
            events,
            search: Some(SearchText::parse(text).expect("a search text")),
            include_cancelled: true,
            only_open: false,
            seats: true,
            page: first(100),
        };
        let [of_all, of_one] = self.occurrences([read(None), read(Some(vec![event]))]).await;
        assert_eq!(of_all.items, of_one.items);
        of_one.items.iter().map(|one| one.interval.start()).collect()
    }

    async fn occurrences(
        &self,
        queries: [OccurrenceQuery; 2],
    ) -> [BoundedPage<OccurrenceOfEvent, OccurrencePosition>; 2] {
        let list = ListOccurrences {
            clock: Arc::new(FixedClock::at(NOW)),
            catalogue: Arc::clone(&self.ports.catalogue),
        };
        let caller = Caller::for_tests(self.organization.id, &self.admin);
        let pages = list.execute(&caller, &queries).await.expect("occurrences are listed");
        <[_; 2]>::try_from(pages).expect("two lists")
    }

    /// Returns the stored occurrence that has or had this key.
    pub(super) async fn stored(&self, key: OccurrenceKey) -> Option<StoredOccurrence> {
        let found = self.ports.catalogue.stored(&self.scope, &[key]).await.expect("occurrences are read");
        assert!(found.len() <= 1 && found.iter().all(|found| found.asked == key), "{found:?}");
        found.into_iter().next().map(|found| found.stored)
    }

    /// Returns the numbers of confirmed and waitlisted registrations.
    pub(super) async fn counts(&self, key: OccurrenceKey) -> (u32, u32) {
        self.stored(key).await.map_or((0, 0), |stored| (stored.taken, stored.waiting))
    }

    /// The whole log, oldest first.
    pub(super) async fn log(&self) -> Vec<Activity> {
        let list = |page| self.ports.activity_log.list(&self.scope, ActivityFilter::default(), page);
        let mut entries = read_all_pages(list, |entry| (entry.at, entry.id)).await;
        entries.reverse();
        entries
    }

    /// Starts recording new entries of the log.
    pub(super) async fn journal(&self) -> Journal {
        Journal::new(self.clone()).await
    }

    /// All registrations that match the filter.
    pub(super) async fn registrations(&self, filter: RegistrationFilter) -> Vec<Registration> {
        let list = |page| self.ports.registrations.list(&self.scope, filter.clone(), page);
        let position = |one: &Registration| RegistrationPosition::StartsAt(one.interval.start(), one.id);
        read_all_pages(list, position).await
    }

    /// The member's confirmed and waitlisted registrations.
    pub(super) async fn active_of(&self, member: MemberId) -> Vec<Registration> {
        let filter = RegistrationFilter { member: Some(member), ..RegistrationFilter::default() };
        let all = self.registrations(filter).await;
        all.into_iter().filter(|registration| registration.status.is_active()).collect()
    }
}
