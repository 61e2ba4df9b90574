//! Mutation contexts.

use convene_domain::{
    activity::{Activity, ActivityDraft, Actor, RecordedChange},
    id::ActivityId,
    time::Instant,
};

use crate::idempotency::Idempotency;

/// The context of a mutation: actor, time, request and idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub actor: Actor,
    /// The time at which the change was asked for, to the millisecond, as it is stored. The adapter records the time at which it makes
    /// the change, which is not earlier.
    pub at: Instant,
    /// The id of the request in the logs of the process.
    pub request_id: Option<String>,
    pub idempotency: Option<Idempotency>,
    /// True for a dry run: the change is answered as it would be, and nothing is stored. Only changes of events, occurrences
    /// and members can be dry runs.
    pub is_dry_run: bool,
}

impl Change {
    /// Makes an entry of the activity log.
    #[must_use]
    pub fn entry(&self, id: ActivityId, draft: ActivityDraft) -> Activity {
        let recorded = |change: convene_domain::activity::FieldChange| RecordedChange {
            field: change.field.to_owned(),
            before: change.before,
            after: change.after,
        };
        Activity {
            id,
            at: self.at,
            actor: self.actor.clone(),
            action: draft.action,
            subject: draft.subject,
            changes: draft.changes.into_iter().map(recorded).collect(),
            request_id: self.request_id.clone(),
        }
    }
}

/// The part of a mutation context that comes with the request. The use case adds the actor and the time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestMetadata {
    /// The id of the request in the logs of the process.
    pub request_id: Option<String>,
    pub idempotency: Option<Idempotency>,
    /// True for a dry run.
    pub is_dry_run: bool,
}

impl RequestMetadata {
    /// Completes the context.
    #[must_use]
    pub fn into_change(self, actor: Actor, at: Instant) -> Change {
        let Self { request_id, idempotency, is_dry_run } = self;
        Change { actor, at, request_id, idempotency, is_dry_run }
    }
}
