use std::sync::Arc;

use convene_domain::{
    event::{Event, Schedule},
    id::{EventId, MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::Registration,
    time::Instant,
};

use crate::{
    caller::Caller,
    change::RequestMetadata,
    failure::{Failure, Fault, Field, Outcome, Refusal, Refusals},
    mutation_context::ContextFactory,
    occurrence::find::Finder,
    ports::{Members, RegisterRequest, RegistrationBook},
};

/// The target of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationTarget {
    /// One occurrence of any event.
    Occurrence(OccurrenceKey),
    /// The only occurrence of a one-off event.
    Event(EventId),
}

/// The input of [`Register`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterCommand {
    pub target: RegistrationTarget,
    /// The member whom an admin registers; `None` for the caller.
    pub member: Option<MemberId>,
    /// `true` to join the waitlist of a full occurrence, instead of being refused.
    pub join_waitlist: bool,
}

/// Registers a member for an occurrence.
pub struct Register {
    pub(crate) contexts: ContextFactory,
    pub(crate) finder: Finder,
    pub(crate) members: Arc<dyn Members>,
    pub(crate) registration_book: Arc<dyn RegistrationBook>,
}

impl Register {
    /// Registers the member, with a seat or on the waitlist.
    ///
    /// # Errors
    /// Refused with `AdminOnly` for another member; `NotFound` on `occurrenceId` or `eventId`, and on `memberId`;
    /// `EventIsRecurring`; and the refusals of [`RegistrationBook::register`].
    #[tracing::instrument(name = "registration.register", skip_all, fields(organization = %caller.scope().organization()))]
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
        let occurrence = match command.target {
            RegistrationTarget::Occurrence(key) => Ok(key),
            RegistrationTarget::Event(id) => self.only_occurrence(caller, id).await?,
        };
        let missing = self.missing(caller, for_another).await?;
        let key = match (occurrence, missing) {
            (Ok(key), None) => key,
            (Ok(key), Some(missing)) => {
                // The registration book is not asked about it, so existence is checked here.
                let found = self.finder.find(caller.scope(), &[key], false).await?;
                let refusal = found.is_empty().then(|| Refusal::not_found(Field::OccurrenceId));
                return self.repeated(caller, request, Refusals::from(missing).after(refusal)).await;
            }
            (Err(refusal), None) => return self.repeated(caller, request, refusal.into()).await,
            (Err(refusal), Some(missing)) => {
                return self.repeated(caller, request, Refusals::from(missing).after([refusal])).await;
            }
        };
        let register = RegisterRequest {
            id: self.contexts.new_id(RegistrationId::from_uuid),
            occurrence: key,
            member: command.member.unwrap_or(caller.member()),
            join_waitlist: command.join_waitlist,
        };
        let change = self.contexts.for_member(caller, request);
        // The registration book is asked even if the event was cancelled, because it answers repeated keys.
        self.registration_book.register(caller.scope(), register, &change).await
    }

    /// The result of a request that would be refused: that of its key, if it was used before.
    async fn repeated(
        &self,
        caller: &Caller,
        request: RequestMetadata,
        refusals: Refusals,
    ) -> Outcome<Registration> {
        if request.idempotency.is_none() {
            return Err(refusals.into());
        }
        // The registration book looks the key up before it refuses an occurrence that does not exist.
        let change = self.contexts.for_member(caller, request);
        let event = self.contexts.new_id(EventId::from_uuid);
        let nothing = RegisterRequest {
            id: self.contexts.new_id(RegistrationId::from_uuid),
            occurrence: OccurrenceKey { event, original_start: change.at },
            member: caller.member(),
            join_waitlist: false,
        };
        match self.registration_book.register(caller.scope(), nothing, &change).await {
            Err(Failure::Refused(why)) if why[..] != [Refusal::IdempotencyKeyReused] => Err(refusals.into()),
            outcome => outcome,
        }
    }

    /// Finds the occurrence of a one-off event.
    async fn only_occurrence(
        &self,
        caller: &Caller,
        id: EventId,
    ) -> Result<Result<OccurrenceKey, Refusal>, Fault> {
        Ok(match self.finder.event(caller.scope(), id).await? {
            None => Err(Refusal::not_found(Field::EventId)),
            Some(event) if event.series.is_recurring() => Err(Refusal::EventIsRecurring),
            Some(event) => only_occurrence(&event).ok_or_else(|| Refusal::not_found(Field::EventId)),
        })
    }

    async fn missing(&self, caller: &Caller, member: Option<MemberId>) -> Result<Option<Refusal>, Fault> {
        let Some(member) = member else { return Ok(None) };
        let found = self.members.get_many(caller.scope(), &[member]).await?;
        Ok(found.is_empty().then(|| Refusal::not_found(Field::MemberId)))
    }
}

/// The occurrence of a one-off event. If edits moved it after it had begun, the last of its dates counts.
fn only_occurrence(event: &Event) -> Option<OccurrenceKey> {
    let first = |schedule: Schedule<'_>| schedule.between(Instant::MIN, Instant::MAX).next();
    let origin = event.schedules().filter_map(first).last()?;
    Some(OccurrenceKey { event: event.id, original_start: origin.start })
}

#[cfg(test)]
mod tests;
