use std::collections::BTreeSet;

use async_trait::async_trait;
use convene_domain::{
    event::{Event, EventStatus},
    occurrence::{Exception, OccurrenceKey, StoredOccurrence},
    recurrence::SeriesOccurrence,
    registration::{
        CancellationReason, Place, Registration, RegistrationRefusal, RegistrationStatus,
        decide_cancellation, decide_place,
    },
};

use super::{
    InMemory,
    tenant::{OccurrenceRecord, Tenant},
    transaction::Transaction,
};
use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Failure, Fault, Outcome, Refusal},
    ports::{CancellationOrder, Cancelled, RegistrationBook, RegistrationOrder},
};

/// The most upcoming seats of one member.
const MAX_UPCOMING: usize = 1_000;

#[async_trait]
impl RegistrationBook for InMemory {
    async fn register(
        &self,
        scope: &TenantScope,
        order: RegistrationOrder,
        change: &Change,
    ) -> Outcome<Registration> {
        self.transact(scope, change, |transaction| {
            let record = transaction.find(order.occurrence)?;
            let tenant = &transaction.tenant;
            if tenant.member(order.member).is_none() {
                return Err(Refusal::not_found("memberId").into());
            }
            let key = record.stored.key;
            if tenant.active_in(key).any(|active| active.member == order.member) {
                return Err(Refusal::AlreadyRegistered.into());
            }
            let occurrence = tenant.view(&record.stored).ok_or_else(|| Refusal::not_found("occurrenceId"))?;
            let interval = occurrence.interval;
            let place = decide_place(&occurrence, change.at, order.join_waitlist)
                .map_err(|refusal| tell_why(refusal, tenant, &record.stored))?;
            let status = match place {
                Place::Queue => RegistrationStatus::Waitlisted { sequence: record.next_in_queue },
                Place::Seat => {
                    if let Some(with) = tenant.conflict(order.member, interval) {
                        return Err(Refusal::ScheduleConflict { with: Box::new(with.clone()) }.into());
                    }
                    let upcoming =
                        tenant.seats_of(order.member).filter(|seat| seat.interval.end() > change.at);
                    if upcoming.count() >= MAX_UPCOMING {
                        return Err(Refusal::LimitExceeded {
                            what: "the number of upcoming registrations of a member",
                            limit: 1_000,
                        }
                        .into());
                    }
                    RegistrationStatus::Confirmed
                }
            };
            transaction.tenant.occurrences.entry(key).or_insert(record);
            let registration = transaction.admit(Registration {
                id: order.id,
                occurrence: key,
                member: order.member,
                interval,
                status,
                created_at: change.at,
            })?;
            Ok(registration)
        })
    }

    async fn cancel(
        &self,
        scope: &TenantScope,
        order: CancellationOrder,
        change: &Change,
    ) -> Outcome<Cancelled> {
        self.transact(scope, change, |transaction| {
            let tenant = &transaction.tenant;
            let registration = tenant
                .registrations
                .get(&order.registration)
                .filter(|registration| order.of_member.is_none_or(|member| member == registration.member))
                .cloned()
                .ok_or_else(|| Refusal::not_found("registrationId"))?;
            if !registration.status.is_active() {
                return Err(Refusal::AlreadyCancelled.into());
            }
            let occurrence = tenant
                .occurrences
                .get(&registration.occurrence)
                .and_then(|record| tenant.view(&record.stored))
                .ok_or_else(|| Fault::internal("a registration for no occurrence"))?;
            decide_cancellation(&registration, &occurrence, change.at, order.of_member.is_none())?;
            let own = registration.member == order.caller;
            let reason = if own { CancellationReason::ByMember } else { CancellationReason::ByAdmin };
            let cancelled = transaction.cancel(registration.id, reason)?;
            let promoted = transaction.promote(registration.occurrence)?.into_iter().next();
            Ok(Cancelled { registration: cancelled, promoted })
        })
    }
}

impl Transaction<'_> {
    /// The occurrence as it is stored, else as the event's rule gives it now, else what it has become.
    pub(super) fn find(&self, key: OccurrenceKey) -> Result<OccurrenceRecord, Failure> {
        let tenant = &self.tenant;
        if let Some(record) = tenant.occurrences.get(&key) {
            return Ok(record.clone());
        }
        let event = tenant.events.get(&key.event);
        let by_rule =
            event.and_then(|event| Some(untouched(event, event.occurrence_at(key.original_start)?)));
        let found = by_rule.or_else(|| tenant.occurrence(key).cloned());
        found.ok_or_else(|| Refusal::not_found("occurrenceId").into())
    }
}

/// An occurrence that is cancelled because its event is, is told so.
fn tell_why(refusal: RegistrationRefusal, tenant: &Tenant, stored: &StoredOccurrence) -> Refusal {
    let event = tenant.events.get(&stored.key.event);
    let whole = event.is_some_and(|event| event.status == EventStatus::Cancelled);
    match refusal {
        RegistrationRefusal::OccurrenceCancelled if whole && !stored.exception.cancelled => {
            Refusal::EventCancelled
        }
        refusal => refusal.into(),
    }
}

/// An occurrence that is stored for the first time.
pub(super) fn untouched(event: &Event, origin: SeriesOccurrence) -> OccurrenceRecord {
    let stored = StoredOccurrence {
        key: OccurrenceKey { event: event.id, original_start: origin.start },
        original_local: origin.local,
        interval: event.interval_from(origin.start),
        capacity: event.capacity,
        taken: 0,
        waiting: 0,
        status: event.status,
        exception: Exception::default(),
        version: 1,
    };
    OccurrenceRecord { stored, next_in_queue: 1, former: BTreeSet::new() }
}

#[cfg(test)]
mod tests {
    use convene_domain::time::Instant;
    use time::{Duration, macros::datetime};

    use super::*;
    use crate::{
        ports::{Events, Organizations},
        testing::{
            FixedClock,
            builders::{
                ChangeBuilder, EventBuilder, MemberBuilder, OrganizationBuilder, occurrence_key, register,
            },
        },
    };

    /// No case of the contract: a thousand changes, one after the other, take a database too long.
    #[tokio::test]
    async fn limits_what_a_member_holds() {
        let memory = InMemory::new();
        let organization = OrganizationBuilder::new("choir").build();
        let scope = TenantScope::for_tests(organization.id);
        let ada = MemberBuilder::new("ada").admin().build();
        let change = |at: Instant| ChangeBuilder::by("ada").at(at).build();
        let now = change(FixedClock::START);
        memory.found(&scope, organization, ada.clone(), &now).await.unwrap();
        let first = datetime!(2031-03-10 09:00);
        let event = EventBuilder::daily(first, 1_001).build();
        memory.create(&scope, event.clone(), &now).await.unwrap();
        let seat = |number: i64, change: Change| {
            let order = register(occurrence_key(&event, first.as_utc() + Duration::days(number)), ada.id);
            let memory = memory.clone();
            async move { memory.register(&scope, order, &change).await }
        };
        for number in 0..1_000 {
            seat(number, now.clone()).await.unwrap();
        }
        let Err(Failure::Refused(refusals)) = seat(1_000, now).await else { panic!("it is refused") };
        assert!(matches!(refusals[..], [Refusal::LimitExceeded { limit: 1_000, .. }]), "{refusals:?}");
        // What has ended does not count.
        seat(1_000, change(first.as_utc() + Duration::HOUR)).await.unwrap();
    }
}
