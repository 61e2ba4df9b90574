use convene_application::{caller::TenantScope, change::Change, editing::event_changes, failure::Outcome};
use convene_domain::{
    activity::{Action, ActivityDraft, Subject},
    event::Event,
};
use futures::FutureExt;

use super::store;
use crate::database::Database;

/// Stores a new event.
pub(super) async fn create(
    database: &Database,
    scope: &TenantScope,
    event: &Event,
    change: &Change,
) -> Outcome<Event> {
    database
        .change_serialized(scope, change, "createEvent", |transaction| {
            async move {
                let revision = transaction.next_revision().await?;
                store::insert(transaction, event, revision).await?;
                let changes = event_changes(None, Some(event));
                let subject = Subject::Event(event.id);
                transaction.log(change, ActivityDraft { action: Action::EventCreated, subject, changes });
                Ok(event.clone())
            }
            .boxed()
        })
        .await
}
