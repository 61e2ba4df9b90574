//! What every change carries: who, when, in which request, and under which idempotency key.

use convene_domain::{
    activity::{Activity, ActivityDraft, Actor, RecordedChange},
    id::ActivityId,
    time::Instant,
};

use crate::idempotency::Idempotency;

/// Who changes something, when, and in which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub actor: Actor,
    /// When, to the millisecond (what the database keeps).
    pub at: Instant,
    /// In which request, as the process log names it.
    pub request_id: Option<String>,
    /// Under which idempotency key, if the caller gave one.
    pub idempotency: Option<Idempotency>,
}

impl Change {
    /// The log's entry for something decided within this change.
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

/// The part of a change that the caller brings: the use case adds who and when.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestMetadata {
    /// The request, as the process log names it.
    pub request_id: Option<String>,
    /// The caller's idempotency key, if there is one.
    pub idempotency: Option<Idempotency>,
}

impl RequestMetadata {
    /// The change that this request makes.
    #[must_use]
    pub fn into_change(self, actor: Actor, at: Instant) -> Change {
        Change { actor, at, request_id: self.request_id, idempotency: self.idempotency }
    }
}
