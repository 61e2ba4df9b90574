use juniper::{ID, Nullable};

use super::payload::{payload, run};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{
        CancelEventInput, CreateEventInput, DeleteEventInput, DuplicateEventInput, RestoreEventInput,
        UpdateEventInput, prepare,
    },
    object::{Event, Occurrence, Registration, numbers::int},
};

payload!(
    /// The result of creating an event.
    CreateEventPayload {
        /// The event; null if the mutation was refused.
        event: Option<Event>,
    }
);

pub(super) async fn create(
    context: &Context,
    input: &CreateEventInput,
) -> Result<CreateEventPayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (command, request) = prepare(context, "createEvent", input)?;
        let created = context.use_cases().create_event.execute(admin, command, request).await;
        let created = created.map_err(|failure| match &input.recurrence {
            Some(recurrence) => recurrence.name_as_written(failure),
            None => failure,
        });
        created.map(|event| CreateEventPayload { event: Some(event.into()), ..Default::default() })
    })
    .await
}

payload!(
    /// The result of changing an event.
    UpdateEventPayload {
        /// The changed event, or the new event of a split series; null if the mutation was refused.
        event: Option<Event>,
        /// The number of cancelled registrations.
        cancelled_registrations: i32,
        /// The number of registrations, waitlisted ones included, whose start or end changes with their occurrence.
        moved_registrations: i32,
        /// The number of registrations that the change promotes from waitlists, also of other events.
        promoted_registrations: i32,
        /// The number of registrations that later steps of a large change will cancel; 0 if it is complete.
        remaining_registrations: i32,
        /// The changed occurrences that the edited series does not have any more, as they were; at most 100.
        dropped_exceptions: Vec<Occurrence>,
    }
);

pub(super) async fn update(
    context: &Context,
    input: &UpdateEventInput,
) -> Result<UpdateEventPayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (command, request) = prepare(context, "updateEvent", input)?;
        let changed = context.use_cases().update_event.execute(admin, command, request).await;
        let changed = changed.map_err(|failure| match &input.recurrence {
            Nullable::Some(recurrence) => recurrence.name_as_written(failure),
            Nullable::ExplicitNull | Nullable::ImplicitNull => failure,
        })?;
        Ok(UpdateEventPayload {
            event: Some(changed.now.into()),
            cancelled_registrations: int(changed.cancelled_registrations),
            moved_registrations: int(changed.moved_registrations),
            promoted_registrations: int(changed.promoted_registrations),
            remaining_registrations: int(changed.remaining_registrations),
            dropped_exceptions: Occurrence::changed(context, changed.dropped_exceptions).await,
            ..Default::default()
        })
    })
    .await
}

payload!(
    /// The result of cancelling an event.
    CancelEventPayload {
        /// The event; null if the mutation was refused.
        event: Option<Event>,
        /// The number of cancelled registrations.
        cancelled_registrations: i32,
        /// The number of registrations that the change promotes from waitlists, also of other events.
        promoted_registrations: i32,
        /// The number of registrations that later steps of a large change will cancel; 0 if it is complete.
        remaining_registrations: i32,
    }
);

pub(super) async fn cancel(
    context: &Context,
    input: &CancelEventInput,
) -> Result<CancelEventPayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (event, request) = prepare(context, "cancelEvent", input)?;
        let changed = context.use_cases().cancel_event.execute(admin, event, request).await?;
        Ok(CancelEventPayload {
            event: Some(changed.now.into()),
            cancelled_registrations: int(changed.cancelled_registrations),
            promoted_registrations: int(changed.promoted_registrations),
            remaining_registrations: int(changed.remaining_registrations),
            ..Default::default()
        })
    })
    .await
}

payload!(
    /// The result of restoring an event.
    RestoreEventPayload {
        /// The event; null if the mutation was refused.
        event: Option<Event>,
        /// The registrations that the cancellation took from present members, for the occurrences that take place again: those
        /// with seats, by start, then those that were waitlisted; at most 100. They do not return by themselves.
        former_registrations: Vec<Registration>,
    }
);

pub(super) async fn restore(
    context: &Context,
    input: &RestoreEventInput,
) -> Result<RestoreEventPayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (event, request) = prepare(context, "restoreEvent", input)?;
        let restored = context.use_cases().restore_event.execute(admin, event, request).await?;
        let former = restored.former_registrations.into_iter();
        Ok(RestoreEventPayload {
            event: Some(restored.event.into()),
            former_registrations: former.map(Registration::from).collect(),
            ..Default::default()
        })
    })
    .await
}

payload!(
    /// The result of duplicating an event.
    DuplicateEventPayload {
        /// The copy; null if the mutation was refused.
        event: Option<Event>,
    }
);

pub(super) async fn duplicate(
    context: &Context,
    input: &DuplicateEventInput,
) -> Result<DuplicateEventPayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (command, request) = prepare(context, "duplicateEvent", input)?;
        let created = context.use_cases().duplicate_event.execute(admin, command, request).await;
        created.map(|event| DuplicateEventPayload { event: Some(event.into()), ..Default::default() })
    })
    .await
}

payload!(
    /// The result of deleting an event.
    DeleteEventPayload {
        /// The id of the deleted event; null if the mutation was refused.
        deleted_event_id: Option<ID>,
        /// The number of registrations that later steps of a large deletion will delete; 0 if it is complete.
        remaining_registrations: i32,
    }
);

pub(super) async fn delete(
    context: &Context,
    input: &DeleteEventInput,
) -> Result<DeleteEventPayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (event, request) = prepare(context, "deleteEvent", input)?;
        let deleted = context.use_cases().delete_event.execute(admin, event, request).await?;
        Ok(DeleteEventPayload {
            deleted_event_id: Some(ID::from(deleted.id.to_string())),
            remaining_registrations: int(deleted.remaining_registrations),
            ..Default::default()
        })
    })
    .await
}
