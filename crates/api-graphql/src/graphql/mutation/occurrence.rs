use super::payload::{payload, run};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{CancelOccurrenceInput, RestoreOccurrenceInput, UpdateOccurrenceInput, prepare},
    object::{Occurrence, numbers::int},
};

payload!(
    /// The result of changing an occurrence.
    UpdateOccurrencePayload {
        /// The changed occurrence; null if the mutation was refused.
        occurrence: Option<Occurrence>,
        /// The number of cancelled registrations.
        cancelled_registrations: i32,
        /// The number of registrations, waitlisted ones included, whose start or end changes with their occurrence.
        moved_registrations: i32,
        /// The number of registrations that the change promotes from waitlists, also of other events.
        promoted_registrations: i32,
        /// The number of registrations that later steps of a large change will cancel; 0 if it is complete.
        remaining_registrations: i32,
    }
);

pub(super) async fn update(
    context: &Context,
    input: &UpdateOccurrenceInput,
) -> Result<UpdateOccurrencePayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (edit, request) = prepare(context, "updateOccurrence", input)?;
        let changed = context.use_cases().update_occurrence.execute(admin, edit, request).await?;
        Ok(UpdateOccurrencePayload {
            occurrence: Occurrence::changed(context, vec![changed.now]).await.pop(),
            cancelled_registrations: int(changed.cancelled_registrations),
            moved_registrations: int(changed.moved_registrations),
            promoted_registrations: int(changed.promoted_registrations),
            remaining_registrations: int(changed.remaining_registrations),
            ..Default::default()
        })
    })
    .await
}

payload!(
    /// The result of cancelling an occurrence.
    CancelOccurrencePayload {
        /// The occurrence; null if the mutation was refused.
        occurrence: Option<Occurrence>,
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
    input: &CancelOccurrenceInput,
) -> Result<CancelOccurrencePayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (cancellation, request) = prepare(context, "cancelOccurrence", input)?;
        let changed = context.use_cases().cancel_occurrence.execute(admin, cancellation, request).await?;
        Ok(CancelOccurrencePayload {
            occurrence: Occurrence::changed(context, vec![changed.now]).await.pop(),
            cancelled_registrations: int(changed.cancelled_registrations),
            promoted_registrations: int(changed.promoted_registrations),
            remaining_registrations: int(changed.remaining_registrations),
            ..Default::default()
        })
    })
    .await
}

payload!(
    /// The result of restoring an occurrence.
    RestoreOccurrencePayload {
        /// The occurrence; null if the mutation was refused.
        occurrence: Option<Occurrence>,
        /// The number of cancelled registrations.
        cancelled_registrations: i32,
        /// The number of registrations, waitlisted ones included, whose start or end changes with their occurrence.
        moved_registrations: i32,
        /// The number of registrations that the change promotes from waitlists, also of other events.
        promoted_registrations: i32,
    }
);

pub(super) async fn restore(
    context: &Context,
    input: &RestoreOccurrenceInput,
) -> Result<RestoreOccurrencePayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (restoration, request) = prepare(context, "restoreOccurrence", input)?;
        let changed = context.use_cases().restore_occurrence.execute(admin, restoration, request).await?;
        Ok(RestoreOccurrencePayload {
            occurrence: Occurrence::changed(context, vec![changed.now]).await.pop(),
            cancelled_registrations: int(changed.cancelled_registrations),
            moved_registrations: int(changed.moved_registrations),
            promoted_registrations: int(changed.promoted_registrations),
            ..Default::default()
        })
    })
    .await
}
