use std::sync::Arc;

use convene_domain::{
    event::{Event, EventStatus, Schedule},
    id::{EventId, MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::Registration,
    time::Instant,
};

use crate::{
    caller::Caller,
    change::RequestMetadata,
    failure::{Failure, Fault, Outcome, Refusal},
    occurrence::find::Finder,
    ports::{Members, ProvenOccurrence, RegistrationBook, RegistrationOrder},
    stamp::Stamp,
};

/// What a member registers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationTarget {
    /// One occurrence of any event.
    Occurrence(OccurrenceKey),
    /// The only occurrence of a one-off event.
    Event(EventId),
}

/// A wish to register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterCommand {
    /// For what.
    pub target: RegistrationTarget,
    /// Whom an admin registers; the caller if left out.
    pub member: Option<MemberId>,
    /// When the occurrence is full, wait for a seat instead of being refused.
    pub join_waitlist: bool,
}

/// Registers a member for an occurrence.
pub struct Register {
    pub(crate) stamp: Stamp,
    pub(crate) finder: Finder,
    pub(crate) members: Arc<dyn Members>,
    pub(crate) registration_book: Arc<dyn RegistrationBook>,
}

impl Register {
    /// Registers the member, or puts them into the queue.
    ///
    /// # Errors
    /// Refused with `AdminOnly` for another member; `NotFound` on `occurrenceId` or `eventId`, and on `memberId`;
    /// `EventIsRecurring`; `EventCancelled`; and whatever [`RegistrationBook::register`] refuses.
    #[tracing::instrument(skip_all, fields(organization = %caller.scope().organization()))]
    pub async fn execute(
        &self,
        caller: &Caller,
        command: RegisterCommand,
        request: RequestMetadata,
    ) -> Outcome<Registration> {
        let for_another = command.member.filter(|member| *member != caller.member());
        if for_another.is_some() {
            caller.admin()?;
        }
        let (occurrence, refusal) = match self.prove(caller, command.target).await? {
            Ok(occurrence) => (Some(occurrence), None),
            Err(refusal) => (None, Some(refusal)),
        };
        let missing = self.missing(caller, for_another).await?;
        let (Some(occurrence), None) = (occurrence, &missing) else {
            return Err(Failure::Refused(refusal.into_iter().chain(missing).collect()));
        };
        let event_is_cancelled = occurrence.event.status == EventStatus::Cancelled;
        let order = RegistrationOrder {
            id: self.stamp.fresh(RegistrationId::from_uuid),
            occurrence,
            member: command.member.unwrap_or(caller.member()),
            join_waitlist: command.join_waitlist,
        };
        let change = self.stamp.change(caller, request);
        // The book is asked even if the event is cancelled: it knows what a repeated key answers.
        let outcome = self.registration_book.register(caller.scope(), order, &change).await;
        outcome.map_err(|failure| if event_is_cancelled { tell_why(failure) } else { failure })
    }

    async fn prove(
        &self,
        caller: &Caller,
        target: RegistrationTarget,
    ) -> Result<Result<ProvenOccurrence, Refusal>, Fault> {
        let scope = caller.scope();
        Ok(match target {
            RegistrationTarget::Occurrence(key) => {
                let proven = self.finder.prove(scope, key).await?;
                proven.ok_or_else(|| Refusal::not_found("occurrenceId"))
            }
            RegistrationTarget::Event(id) => match self.finder.event(scope, id).await? {
                None => Err(Refusal::not_found("eventId")),
                Some(event) if event.series.is_recurring() => Err(Refusal::EventIsRecurring),
                Some(event) => only_occurrence(event).ok_or_else(|| Refusal::not_found("eventId")),
            },
        })
    }

    async fn missing(&self, caller: &Caller, member: Option<MemberId>) -> Result<Option<Refusal>, Fault> {
        let Some(member) = member else { return Ok(None) };
        let found = self.members.get_many(caller.scope(), &[member]).await?;
        Ok(found.is_empty().then(|| Refusal::not_found("memberId")))
    }
}

/// The occurrence of a one-off event. Where edits moved what had begun already, it is the last that there was.
fn only_occurrence(event: Arc<Event>) -> Option<ProvenOccurrence> {
    let first = |schedule: Schedule<'_>| schedule.between(Instant::MIN, Instant::MAX).next();
    let origin = event.schedules().filter_map(first).last()?;
    let key = OccurrenceKey { event: event.id, original_start: origin.start };
    Some(ProvenOccurrence { key, origin: Some(origin), event })
}

/// An occurrence that is cancelled because its event is, is told so.
fn tell_why(failure: Failure) -> Failure {
    match failure {
        Failure::Refused(refusals) => Failure::Refused(
            refusals
                .into_iter()
                .map(|refusal| match refusal {
                    Refusal::OccurrenceCancelled => Refusal::EventCancelled,
                    other => other,
                })
                .collect(),
        ),
        fault @ Failure::Fault(_) => fault,
    }
}

#[cfg(test)]
mod tests;
