use std::sync::Arc;

use convene_domain::{
    event::{Event, RegistrationPolicy},
    id::EventId,
    occurrence::OccurrenceKey,
};

use super::{duplicate::of_repeat, patch::checked_policy};
use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::{Outcome, Refusals},
    mutation_context::ContextFactory,
    ports::{Changed, EditScope, EventEdit, EventPatch, Events, OnAffected},
};

/// The part of a series that an update changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesPart {
    /// All occurrences that have not begun.
    All,
    /// This and all following occurrences, which become a new event.
    ThisAndFollowing(OccurrenceKey),
}

/// The command to update an event.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateEventCommand {
    pub event: EventId,
    /// The expected version; `None` accepts any version.
    pub expected_version: Option<u32>,
    pub scope: SeriesPart,
    pub patch: EventPatch,
    /// The treatment of affected registrations.
    pub on_affected: OnAffected,
}

/// Updates an event of the admin's organization.
pub struct UpdateEvent {
    pub(crate) contexts: ContextFactory,
    pub(crate) events: Arc<dyn Events>,
}

impl UpdateEvent {
    /// Applies the patch; an empty patch changes nothing. An update of this and the following occurrences returns the
    /// new event.
    ///
    /// # Errors
    /// Refused with `NotFound` on `eventId`, and on `fromOccurrenceId`, for an occurrence of another event too;
    /// `InvalidInput` on `fromOccurrenceId` for an occurrence that has begun or whose original start has passed, on
    /// `startsAt`, `recurrence` or its fields, and on `registrationCloses`, and on each given date and time of an event that is over;
    /// `VersionConflict`; `EventCancelled`; `CapacityBelowRegistrations`;
    /// `RegistrationsAffected`; `LimitExceeded`; `CreatedAndDeleted` for a repeat of a split whose new event was deleted.
    #[tracing::instrument(name = "event.update", skip_all, fields(organization = %admin.scope().organization(), event = %command.event))]
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
                EditScope::ThisAndFollowing { from, new_event: self.contexts.new_id(EventId::from_uuid) }
            }
        };
        let edit = EventEdit {
            event: command.event,
            expected_version: command.expected_version,
            scope,
            patch: command.patch,
            on_affected: command.on_affected,
        };
        let change = self.contexts.for_member(&admin, request);
        let is_repeated_split = edit.scope != EditScope::All && change.idempotency.is_some();
        let event = edit.event;
        match self.events.update(admin.scope(), edit, &change).await {
            Err(failure) if is_repeated_split => {
                Err(of_repeat(&*self.events, admin.scope(), event, failure).await?)
            }
            outcome => outcome,
        }
    }
}

/// Checks that do not need the event. The transaction that changes the event makes the others.
fn check(command: &UpdateEventCommand) -> Result<(), Refusals> {
    if let EventPatch { registration_opens: Some(opens), registration_closes: Some(closes), .. } =
        command.patch
    {
        let policy = RegistrationPolicy { opens, closes, cancellation_closes: None };
        checked_policy(policy)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use convene_domain::{duration::LeadTime, member::Role, text::IdempotencyKey};
    use time::{Duration, macros::utc_datetime};

    use super::*;
    use crate::{
        failure::{Field, Refusal},
        fixtures::{self, fields, refusals},
        idempotency::{Fingerprint, Idempotency},
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
                Ok(Changed::complete(now, 0, 0))
            },
        );
        let update = UpdateEvent { contexts: fixtures::contexts(), events: Arc::new(events) };
        let caller = fixtures::caller(fixtures::ADA, Role::Admin);
        update.execute(caller.admin().unwrap(), command, RequestMetadata::default()).await
    }

    #[tokio::test]
    async fn a_split_returns_the_id_of_the_new_event() {
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
    async fn a_repeat_of_a_split_finds_the_new_event_deleted_or_the_original_one() {
        let repeated = async |original: Option<Event>, scope| {
            let mut events = MockEvents::new();
            events.expect_update().returning(|_, _, _| Err(Refusal::not_found(Field::EventId).into()));
            events.expect_get_many().returning(move |_, _| Ok(original.clone().into_iter().collect()));
            let update = UpdateEvent { contexts: fixtures::contexts(), events: Arc::new(events) };
            let key = IdempotencyKey::parse("split").unwrap();
            let idempotency = Some(Idempotency { key, fingerprint: Fingerprint([1; 32]) });
            let request = RequestMetadata { idempotency, ..RequestMetadata::default() };
            let caller = fixtures::caller(fixtures::ADA, Role::Admin);
            refusals(update.execute(caller.admin().unwrap(), command(scope), request).await)
        };
        let original = fixtures::event(1, "2026-11-02 9:00", None);
        let split = SeriesPart::ThisAndFollowing(occurrence_of(1));
        assert_eq!(repeated(Some(original.clone()), split).await, [Refusal::CreatedAndDeleted]);
        assert_eq!(repeated(None, split).await, [Refusal::not_found(Field::EventId)]);
        assert_eq!(repeated(Some(original), SeriesPart::All).await, [Refusal::not_found(Field::EventId)]);
    }

    #[tokio::test]
    async fn refuses_problems_that_need_no_event_before_loading_it() {
        let lead = |hours| Some(Some(LeadTime::new(Duration::hours(hours)).unwrap()));
        let mut command = command(SeriesPart::ThisAndFollowing(occurrence_of(1)));
        command.patch.registration_opens = lead(1);
        command.patch.registration_closes = lead(2);
        let refusals = refusals(update(command, None).await);
        assert_eq!(fields(&refusals), ["registrationCloses"]);
    }
}
