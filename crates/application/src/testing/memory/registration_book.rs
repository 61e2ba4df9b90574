use async_trait::async_trait;
use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey, RegistrationState, Resolved, StoredOccurrence},
    recurrence::SeriesOccurrence,
    registration::{Admission, Registration, RegistrationStatus, decide_admission},
    time::Instant,
};

use super::{InMemory, tenant::OccurrenceRecord, transaction::Transaction};
use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Failure, Field, Outcome, Refusal},
    limits::Limit,
    ports::{CancelRequest, Cancelled, RegisterRequest, RegistrationBook},
    registration::refusals,
};

#[async_trait]
impl RegistrationBook for InMemory {
    async fn register(
        &self,
        scope: &TenantScope,
        request: RegisterRequest,
        change: &Change,
    ) -> Outcome<Registration> {
        self.transact(scope, change, |transaction| {
            let record = transaction.find(request.occurrence)?;
            let key = record.stored.key;
            if !transaction.tenant.occurrences.contains_key(&key)
                && refusals::room_for_occurrences(transaction.in_use_ahead(key.event)) == 0
            {
                return Err(Refusal::LimitExceeded(Limit::StoredOccurrences).into());
            }
            let active = transaction.tenant.active_in(key).find(|active| active.member == request.member);
            if let Some(active) = active.cloned() {
                return transaction.take_free_seat(&active);
            }
            let tenant = &transaction.tenant;
            let event =
                tenant.events.get(&key.event).ok_or_else(|| Refusal::not_found(Field::OccurrenceId))?;
            let occurrence = Occurrence::stored(event, &record.stored);
            let cancelled_by_itself = record.stored.exception.cancelled;
            let admission = decide_admission(&occurrence, change.at, request.join_waitlist)
                .map_err(|reason| refusals::refusal_for(reason, cancelled_by_itself, event.status))?;
            if tenant.member(request.member).is_none() {
                return Err(Refusal::not_found(Field::MemberId).into());
            }
            let status = match admission {
                Admission::Waitlist => {
                    let waitlists = tenant.registrations.values().filter(|waiting| {
                        waiting.member == request.member
                            && waiting.status.waitlist_sequence().is_some()
                            && waiting.interval.start() > change.at
                    });
                    if let Some(refusal) = refusals::waitlist_refusal(waitlists.count()) {
                        return Err(refusal.into());
                    }
                    let waiting = usize::try_from(record.stored.waiting).unwrap_or(usize::MAX);
                    if let Some(refusal) = refusals::long_waitlist_refusal(waiting) {
                        return Err(refusal.into());
                    }
                    RegistrationStatus::Waitlisted { sequence: record.next_waitlist_sequence }
                }
                Admission::Seat => {
                    match tenant.seat_refusal(request.member, occurrence.interval, change.at) {
                        Some(refusal) => return Err(refusal.into()),
                        None => RegistrationStatus::Confirmed,
                    }
                }
            };
            transaction.tenant.occurrences.entry(key).or_insert(record);
            Ok(transaction.admit(request.admitted(key, occurrence.interval, status, change.at))?)
        })
    }

    async fn cancel(
        &self,
        scope: &TenantScope,
        request: CancelRequest,
        change: &Change,
    ) -> Outcome<Cancelled> {
        self.transact(scope, change, |transaction| {
            let registration = transaction.tenant.registrations.get(&request.registration);
            let registration = registration.ok_or_else(refusals::not_found)?;
            // A repeated cancellation must not depend on the occurrence, which may be gone.
            request.reason(registration)?;
            let occurrence = transaction.occurrence(registration.occurrence)?;
            let reason = request.decide(registration, &occurrence, change.at)?;
            let is_seat = registration.is_seat();
            let cancelled = transaction.cancel(request.registration, reason)?;
            let mut promoted = None;
            if is_seat {
                promoted = transaction.promote_in([cancelled.occurrence])?.into_iter().next();
                transaction.promote_freed(&[(cancelled.member, cancelled.interval)])?;
            }
            Ok(Cancelled { registration: cancelled, promoted })
        })
    }
}

impl Transaction<'_> {
    /// Gives a member who waits for the occurrence a seat, if one and the member's time are free.
    fn take_free_seat(&mut self, active: &Registration) -> Outcome<Registration> {
        let now = self.change.at;
        let state = self.occurrence(active.occurrence)?.registration_state(now);
        let can_have_seat = active.status.waitlist_sequence().is_some()
            && state == RegistrationState::Open
            && self.tenant.seat_refusal(active.member, active.interval, now).is_none();
        if can_have_seat { Ok(self.confirm(active)?) } else { Err(Refusal::AlreadyRegistered.into()) }
    }

    /// The number of the event's stored occurrences that have not begun, without those that only registrations materialized and that
    /// have none any more, and those that are stored for nothing but their versions.
    fn in_use_ahead(&self, event: EventId) -> u64 {
        let of_event = OccurrenceKey { event, original_start: Instant::MIN };
        let stored = self.tenant.occurrences.range(of_event..).take_while(|(key, _)| key.event == event);
        let is_in_use = |record: &OccurrenceRecord| {
            let is_ahead = record.stored.interval.start() > self.change.at;
            is_ahead && !record.is_untouched() && !record.stored.is_for_version()
        };
        stored.filter(|(_, record)| is_in_use(record)).count() as u64
    }

    /// The occurrence that the key denotes.
    pub(super) fn find(&self, key: OccurrenceKey) -> Result<OccurrenceRecord, Failure> {
        let event = self.tenant.events.get(&key.event);
        let found = match (self.tenant.resolve(key), event) {
            (Some(Resolved::Stored(record)), _) => Some(record.clone()),
            (Some(Resolved::Derived(origin)), Some(event)) => Some(untouched(event, origin)),
            _ => None,
        };
        found.ok_or_else(|| Refusal::not_found(Field::OccurrenceId).into())
    }
}

/// The record of an occurrence that was not stored before.
pub(super) fn untouched(event: &Event, origin: SeriesOccurrence) -> OccurrenceRecord {
    OccurrenceRecord::of(StoredOccurrence::from_rule(event, origin))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use convene_domain::{
        id::MemberId,
        member::{Member, Role},
        time::LocalDateTime,
    };
    use time::{Duration, macros::datetime};

    use super::*;
    use crate::{
        limits::{
            EXCEPTIONS, KEPT_VERSIONS, STORED_OCCURRENCES, UPCOMING_REGISTRATIONS, WAITLIST_LENGTH,
            WAITLISTED_REGISTRATIONS,
        },
        ports::{Events, Members, Organizations},
        testing::{
            FixedClock,
            builders::{
                ChangeBuilder, EventBuilder, MemberBuilder, OrganizationBuilder, occurrence_key, register,
            },
        },
    };

    /// An organization with an admin, "ada".
    struct Choir {
        memory: InMemory,
        scope: TenantScope,
        ada: Member,
        now: Change,
    }

    impl Choir {
        const FIRST: LocalDateTime = datetime!(2031-03-10 09:00);

        async fn new() -> Self {
            let memory = InMemory::new();
            let organization = OrganizationBuilder::new("choir").build();
            let scope = TenantScope::for_tests(organization.id);
            let ada = MemberBuilder::new("ada").admin().build();
            let now = ChangeBuilder::by("ada").at(FixedClock::START).build();
            Organizations::create(&memory, &scope, organization, ada.clone(), &now).await.unwrap();
            Self { memory, scope, ada, now }
        }

        async fn member(&self, name: &str) -> MemberId {
            let member = MemberBuilder::new(name).build();
            self.memory.add(&self.scope, member.clone(), &self.now).await.unwrap();
            member.id
        }

        async fn event(&self, event: EventBuilder) -> Event {
            Events::create(&self.memory, &self.scope, event.build(), &self.now).await.unwrap()
        }

        async fn daily(&self, days: usize, seats: u32) -> Event {
            let days = u32::try_from(days).unwrap();
            self.event(EventBuilder::daily(Self::FIRST, days).seats(seats)).await
        }

        /// The key of the occurrence on one of the days of a daily event.
        fn key(event: &Event, day: usize) -> OccurrenceKey {
            occurrence_key(event, Self::FIRST.as_utc() + Duration::days(i64::try_from(day).unwrap()))
        }

        async fn register(&self, occurrence: OccurrenceKey, member: MemberId) -> Outcome<Registration> {
            self.memory.register(&self.scope, register(occurrence, member), &self.now).await
        }

        async fn wait(&self, occurrence: OccurrenceKey, member: MemberId) -> Outcome<Registration> {
            let request = RegisterRequest { join_waitlist: true, ..register(occurrence, member) };
            self.memory.register(&self.scope, request, &self.now).await
        }

        async fn cancel(&self, registration: &Registration) -> Cancelled {
            let caller = registration.member;
            let request = CancelRequest { registration: registration.id, caller, role: Role::Member };
            RegistrationBook::cancel(&self.memory, &self.scope, request, &self.now).await.unwrap()
        }

        /// Lets the admin hold as many seats as a member can, on the first days of a daily event with one day more.
        async fn with_all_seats() -> (Self, Event) {
            let choir = Self::new().await;
            let event = choir.daily(UPCOMING_REGISTRATIONS + 1, 1).await;
            for day in 0..UPCOMING_REGISTRATIONS {
                choir.register(Self::key(&event, day), choir.ada.id).await.unwrap();
            }
            (choir, event)
        }
    }

    fn verify_limit(result: Outcome<Registration>, limit: Limit, message: &str) {
        let Err(Failure::Refused(refusals)) = result else { panic!("it is refused") };
        assert_eq!(refusals[..], [Refusal::LimitExceeded(limit)]);
        assert_eq!(refusals[0].to_string(), message);
    }

    /// No case of the contract: a thousand changes, one after the other, take a database too long.
    #[tokio::test]
    async fn the_upcoming_seats_of_a_member_are_limited() {
        let (choir, event) = Choir::with_all_seats().await;
        let last = Choir::key(&event, UPCOMING_REGISTRATIONS);
        let text = "the number of a member's upcoming registrations is limited to 1000";
        verify_limit(choir.register(last, choir.ada.id).await, Limit::UpcomingRegistrations, text);

        // What has ended does not count.
        let later = ChangeBuilder::by("ada").at(Choir::FIRST.as_utc() + Duration::HOUR).build();
        choir.memory.register(&choir.scope, register(last, choir.ada.id), &later).await.unwrap();
    }

    #[tokio::test]
    async fn a_promotion_passes_over_a_member_with_too_many_seats() {
        let (choir, _) = Choir::with_all_seats().await;
        let (bea, cem) = (choir.member("bea").await, choir.member("cem").await);
        let small = choir.event(EventBuilder::once(datetime!(2031-03-10 20:00)).seats(1)).await;
        let key = occurrence_key(&small, small.series.first_start());
        let held = choir.register(key, bea).await.unwrap();
        for member in [choir.ada.id, cem] {
            choir.wait(key, member).await.unwrap();
        }
        let cancelled = choir.cancel(&held).await;
        assert_eq!(cancelled.promoted.map(|promoted| promoted.member), Some(cem));
    }

    #[tokio::test]
    async fn a_member_whose_agenda_was_full_gets_the_free_seat_with_the_next_freed_time() {
        let (choir, event) = Choir::with_all_seats().await;
        let bea = choir.member("bea").await;
        let small = choir.event(EventBuilder::once(datetime!(2031-03-10 20:00)).seats(1)).await;
        let key = occurrence_key(&small, small.series.first_start());
        let held = choir.register(key, bea).await.unwrap();
        let waiting = choir.wait(key, choir.ada.id).await.unwrap();
        assert_eq!(choir.cancel(&held).await.promoted, None);
        let of_day = |day: usize| Choir::key(&event, day);
        let seat = {
            let world = choir.memory.lock();
            let all = &world.organizations[&choir.scope.organization()].registrations;
            all.values().find(|one| one.occurrence == of_day(500)).unwrap().clone()
        };
        choir.cancel(&seat).await;
        let world = choir.memory.lock();
        let now = &world.organizations[&choir.scope.organization()].registrations[&waiting.id];
        assert_eq!(now.status, RegistrationStatus::Confirmed);
    }

    #[tokio::test]
    async fn a_member_who_leaves_a_waitlist_leaves_no_seat() {
        let (choir, _) = Choir::with_all_seats().await;
        let (bea, cem) = (choir.member("bea").await, choir.member("cem").await);
        let at_night = || EventBuilder::once(datetime!(2031-03-10 20:00)).seats(1);
        let (small, other) = (choir.event(at_night()).await, choir.event(at_night()).await);
        let key = |event: &Event| occurrence_key(event, event.series.first_start());
        let held = choir.register(key(&small), bea).await.unwrap();
        let waiting = choir.wait(key(&small), choir.ada.id).await.unwrap();
        let leaving = choir.wait(key(&small), cem).await.unwrap();
        choir.register(key(&other), cem).await.unwrap();
        assert_eq!(choir.cancel(&held).await.promoted, None, "one has too many seats, the other is busy");
        // One of the seats ends. That promotes nobody, and a cancellation that frees no seat does not, either.
        let request = CancelRequest { registration: leaving.id, caller: cem, role: Role::Member };
        let later = ChangeBuilder::by("cem").at(Choir::FIRST.as_utc() + Duration::HOUR).build();
        let left = RegistrationBook::cancel(&choir.memory, &choir.scope, request, &later).await.unwrap();
        assert_eq!(left.promoted, None);
        let now = choir.memory.read(&choir.scope).unwrap();
        assert_eq!(now.registrations[&waiting.id].status, waiting.status);
    }

    #[tokio::test]
    async fn the_waitlists_of_a_member_are_limited() {
        let choir = Choir::new().await;
        let cem = choir.member("cem").await;
        let event = choir.daily(WAITLISTED_REGISTRATIONS + 1, 1).await;
        let mut waiting = Vec::new();
        for day in 0..WAITLISTED_REGISTRATIONS {
            choir.register(Choir::key(&event, day), choir.ada.id).await.unwrap();
            waiting.push(choir.wait(Choir::key(&event, day), cem).await.unwrap());
        }
        let last = Choir::key(&event, WAITLISTED_REGISTRATIONS);
        choir.register(last, choir.ada.id).await.unwrap();
        let text = "the number of a member's waitlists is limited to 200";
        verify_limit(choir.wait(last, cem).await, Limit::WaitlistedRegistrations, text);
        choir.cancel(&waiting[0]).await;
        choir.wait(last, cem).await.unwrap();
    }

    #[tokio::test]
    async fn the_length_of_a_waitlist_is_limited() {
        let choir = Choir::new().await;
        let (bea, cem) = (choir.member("bea").await, choir.member("cem").await);
        let small = choir.event(EventBuilder::once(Choir::FIRST).seats(1)).await;
        let key = occurrence_key(&small, small.series.first_start());
        choir.register(key, choir.ada.id).await.unwrap();
        let one_less = u32::try_from(WAITLIST_LENGTH - 1).unwrap();
        {
            let mut world = choir.memory.lock();
            let tenant = Arc::make_mut(world.organizations.get_mut(&choir.scope.organization()).unwrap());
            tenant.occurrences.get_mut(&key).unwrap().stored.waiting = one_less;
        }
        choir.wait(key, bea).await.unwrap();
        let text = "the number of members on the waitlist of an occurrence is limited to 5000";
        verify_limit(choir.wait(key, cem).await, Limit::WaitlistLength, text);
    }

    /// Occurrences of a daily event, from one of its days on, which are stored directly.
    fn stored_from(event: &Event, day: i64, count: u64) -> impl Iterator<Item = OccurrenceRecord> {
        let from = event.series.first_start() + Duration::days(day);
        let origins = event.series.between(from, Instant::MAX).take(usize::try_from(count).unwrap());
        origins.map(|origin| untouched(event, origin))
    }

    #[tokio::test]
    async fn exceptions_and_occupied_occurrences_have_limits() {
        let (memory, ada) = (InMemory::new(), MemberBuilder::new("ada").admin().build());
        let organization = OrganizationBuilder::new("acme").build();
        let scope = TenantScope::for_tests(organization.id);
        let change = ChangeBuilder::by("ada").at(FixedClock::START).build();
        Organizations::create(&memory, &scope, organization, ada.clone(), &change).await.unwrap();
        let event = EventBuilder::repeating(datetime!(2031-03-10 09:00), "FREQ=DAILY").build();
        Events::create(&memory, &scope, event.clone(), &change).await.unwrap();
        let store = |records: Vec<OccurrenceRecord>| {
            let mut world = memory.lock();
            let tenant = Arc::make_mut(world.organizations.get_mut(&scope.organization()).unwrap());
            tenant.occurrences.extend(records.into_iter().map(|record| (record.stored.key, record)));
        };
        let cancelled = |mut record: OccurrenceRecord| {
            record.stored.exception.cancelled = true;
            record.stored.version = 2;
            record
        };
        let key = |day: i64| occurrence_key(&event, event.series.first_start() + Duration::days(day));
        let cancel = |day: i64| Events::cancel_occurrence(&memory, &scope, key(day).into(), &change);

        store(stored_from(&event, 0, EXCEPTIONS - 1).map(cancelled).collect());
        cancel(5_000).await.unwrap();
        let Err(Failure::Refused(refusals)) = cancel(5_001).await else { panic!("it is refused") };
        assert_eq!(refusals[..], [Refusal::LimitExceeded(Limit::Exceptions)]);

        // Others are stored for their versions, and do not count unless there are as many again.
        let restored = |mut record: OccurrenceRecord| {
            record.stored.version = 3;
            record
        };
        store(stored_from(&event, 0, EXCEPTIONS - 1).map(restored).collect());
        cancel(5_001).await.unwrap();
        store(stored_from(&event, 13_000, KEPT_VERSIONS as u64).map(restored).collect());
        let Err(Failure::Refused(refusals)) = cancel(5_002).await else { panic!("it is refused") };
        assert_eq!(refusals[..], [Refusal::LimitExceeded(Limit::Exceptions)]);
        store(stored_from(&event, 13_000, KEPT_VERSIONS as u64).collect());

        // Occurrences that only registrations materialized, and that have none any more, do not count, and neither do those that
        // are stored for their versions.
        let occupied = |mut record: OccurrenceRecord| {
            record.stored.taken = 1;
            record
        };
        store(stored_from(&event, 6_000, STORED_OCCURRENCES - 3).map(occupied).collect());
        store(stored_from(&event, 17_000, 100).collect());
        memory.register(&scope, register(key(5_500), ada.id), &change).await.unwrap();
        let further = memory.register(&scope, register(key(5_501), ada.id), &change).await;
        let Err(Failure::Refused(refusals)) = further else { panic!("it is refused") };
        assert_eq!(refusals[..], [Refusal::LimitExceeded(Limit::StoredOccurrences)]);
        memory.register(&scope, register(key(6_000), ada.id), &change).await.unwrap();
    }
}
