use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    editing::event_changes,
    failure::{Field, Outcome},
};
use convene_domain::{
    activity::{Action, ActivityDraft, Subject},
    id::EventId,
};
use futures::FutureExt;

use super::load;
use crate::{database::Database, registration::seats, schema};

/// Deletes an event without active registrations.
pub(super) async fn delete(
    database: &Database,
    scope: &TenantScope,
    id: EventId,
    change: &Change,
) -> Outcome<EventId> {
    database
        .change_serialized(scope, change, "deleteEvent", |transaction| {
            async move {
                let event = load::event(transaction, id, Field::EventId).await?;
                seats::delete_event(transaction, id).await?;
                transaction.next_revision().await?;
                transaction.collection(&schema::EVENTS).delete_one(doc! { "_id": id.to_string() }).await?;
                let changes = event_changes(Some(&event), None);
                let subject = Subject::Event(id);
                transaction.log(change, ActivityDraft { action: Action::EventDeleted, subject, changes });
                Ok(id)
            }
            .boxed()
        })
        .await
}
