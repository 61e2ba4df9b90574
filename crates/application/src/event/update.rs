use std::sync::Arc;

use convene_domain::{
    event::{Event, RegistrationPolicy},
    id::EventId,
    occurrence::OccurrenceKey,
};

use super::patch::checked_policy;
use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::{Failure, Outcome, Refusal},
    ports::{Changed, EditScope, EventEdit, EventPatch, Events, OnAffected},
    stamp::Stamp,
};

/// The part of a series that an admin wants to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesPart {
    /// All of it, as far as it has not begun.
    All,
    /// This occurrence and all after it, which become an event of their own.
    ThisAndFollowing(OccurrenceKey),
}

/// An event to be changed.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateEventCommand {
    /// Which event.
    pub event: EventId,
    /// The version that the change was made for; `None` for whatever there is.
    pub expected_version: Option<u32>,
    /// Which part of it.
    pub scope: SeriesPart,
    /// What to change.
    pub patch: EventPatch,
    /// What happens to registrations in the way.
    pub on_affected: OnAffected,
}

/// Changes an event of the admin's organization.
pub struct UpdateEvent {
    pub(crate) stamp: Stamp,
    pub(crate) events: Arc<dyn Events>,
}

impl UpdateEvent {
    /// Changes what the patch names; an empty patch changes nothing. The answer to a change of this and the
    /// following occurrences is the new event.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `fromOccurrenceId` for an occurrence of another event, on `startsAt`,
    /// `recurrence` or what lies in it, and on `registrationCloses`; `NotFound` on `eventId` or
    /// `fromOccurrenceId`; `VersionConflict`; `EventCancelled`; `CapacityBelowRegistrations`;
    /// `RegistrationsAffected`; `LimitExceeded`.
    #[tracing::instrument(skip_all, fields(organization = %admin.scope().organization(), event = %command.event))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        command: UpdateEventCommand,
        request: RequestMetadata,
    ) -> Outcome<Changed<Event>> {
        check(&command)?;
        let scope = match command.scope {
            SeriesPart::All => EditScope::All,
            SeriesPart::ThisAndFollowing(from) => {
                EditScope::ThisAndFollowing { from, new_event: self.stamp.fresh(EventId::from_uuid) }
            }
        };
        let edit = EventEdit {
            event: command.event,
            expected_version: command.expected_version,
            scope,
            patch: command.patch,
            on_affected: command.on_affected,
        };
        let change = self.stamp.change(&admin, request);
        self.events.update(admin.scope(), edit, &change).await
    }
}

/// What can be told without the event: the rest is checked against it, in the transaction that changes it.
fn check(command: &UpdateEventCommand) -> Result<(), Failure> {
    let mut refusals = Vec::new();
    if let SeriesPart::ThisAndFollowing(from) = command.scope
        && from.event != command.event
    {
        refusals.push(Refusal::invalid("fromOccurrenceId", "must be an occurrence of the event"));
    }
    if let EventPatch { registration_opens: Some(opens), registration_closes: Some(closes), .. } =
        command.patch
    {
        let policy = RegistrationPolicy { opens, closes, cancellation_closes: None };
        refusals.extend(checked_policy(policy).err().into_iter().flatten());
    }
    if refusals.is_empty() { Ok(()) } else { Err(Failure::Refused(refusals)) }
}

#[cfg(test)]
mod tests {
    use convene_domain::{duration::LeadTime, member::Role};
    use time::{Duration, macros::utc_datetime};

    use super::*;
    use crate::{
        fixtures::{self, fields, refusals},
        ports::MockEvents,
    };

    fn command(scope: SeriesPart) -> UpdateEventCommand {
        UpdateEventCommand {
            event: fixtures::event_id(1),
            expected_version: Some(3),
            scope,
            patch: EventPatch::default(),
            on_affected: OnAffected::Refuse,
        }
    }

    fn occurrence_of(event: u128) -> OccurrenceKey {
        let original_start = utc_datetime!(2026-11-02 9:00);
        OccurrenceKey { event: fixtures::event_id(event), original_start }
    }

    async fn update(command: UpdateEventCommand, expected: Option<EventEdit>) -> Outcome<Changed<Event>> {
        let mut events = MockEvents::new();
        events.expect_update().withf(move |_, edit, _| Some(edit) == expected.as_ref()).returning(
            |_, _, _| {
                let now = fixtures::event(1, "2026-11-02 9:00", None);
                Ok(Changed { now, cancelled_registrations: 0 })
            },
        );
        let update = UpdateEvent { stamp: fixtures::stamp(), events: Arc::new(events) };
        let caller = fixtures::caller(fixtures::ADA, Role::Admin);
        update.execute(caller.admin().unwrap(), command, RequestMetadata::default()).await
    }

    #[tokio::test]
    async fn a_split_brings_the_id_of_the_new_event() {
        let from = occurrence_of(1);
        let command = command(SeriesPart::ThisAndFollowing(from));
        let expected = EventEdit {
            event: command.event,
            expected_version: Some(3),
            scope: EditScope::ThisAndFollowing {
                from,
                new_event: EventId::from_uuid(fixtures::fresh_uuid(0)),
            },
            patch: EventPatch::default(),
            on_affected: OnAffected::Refuse,
        };
        assert!(update(command, Some(expected)).await.is_ok());
    }

    #[tokio::test]
    async fn refuses_at_once_what_needs_no_event_to_tell() {
        let lead = |hours| Some(Some(LeadTime::new(Duration::hours(hours)).unwrap()));
        let mut command = command(SeriesPart::ThisAndFollowing(occurrence_of(2)));
        command.patch.registration_opens = lead(1);
        command.patch.registration_closes = lead(2);
        let refusals = refusals(update(command, None).await);
        assert_eq!(fields(&refusals), ["fromOccurrenceId", "registrationCloses"]);
    }
}
