use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::Outcome,
    member::{admins::AdminChange, log},
    ports::MemberRemoved,
};
use convene_domain::id::MemberId;
use futures::FutureExt;

use super::{count_admins, find, step};
use crate::{
    change::StoredResult,
    database::Database,
    documents::{
        convert::date,
        idempotency::ResultDocument,
        job::{JobKind, JobProgress},
        member::REMOVED,
    },
    error::Attempt,
    operation::Operation,
    registration::seats::{self, Removal},
    schema,
    steps::{Accepted, Progressing, with_dry_run},
    transaction::Transaction,
};

/// Marks a member as removed and cancels the member's registrations, in steps if there are many.
pub(super) async fn remove(
    database: &Database,
    scope: &TenantScope,
    id: MemberId,
    change: &Change,
) -> Outcome<MemberRemoved> {
    let steps = database.steps(scope, change.at, step);
    steps.settle(id).await?;
    let body = with_dry_run(|transaction| begin(transaction, id, change).boxed(), change, steps.until, step);
    let accepted = database.change(scope, change, Operation::RemoveMember, body).await?;
    steps.continue_accepted(accepted).await
}

/// Marks the member as removed, and cancels the registrations or begins a job that does.
async fn begin(
    transaction: &mut Transaction<'_>,
    id: MemberId,
    change: &Change,
) -> Attempt<Accepted<MemberRemoved>> {
    let member = find(transaction, id).await?;
    let change = &transaction.recorded_after(member.updated_at, change);
    count_admins(transaction, AdminChange::between(Some(&member), None)).await?;
    let this = doc! { "_id": id.to_string() };
    let removed = doc! {
        "status": REMOVED,
        "removedAt": date(change.at),
        "updatedAt": date(change.at),
    };
    transaction.collection(&schema::MEMBERS).update_one(this, doc! { "$set": removed }).await?;
    let cause = transaction.log(change, log::removed(&member));
    let (cancelled, promoted, remaining, job) = match seats::remove_member(transaction, id, change).await? {
        Removal::Complete { cancelled } => (cancelled, transaction.promoted(), 0, None),
        Removal::Remaining(remaining) => {
            let job = transaction.new_job();
            transaction.begin_job(job, JobKind::RemoveMember(id), cause, remaining).await?;
            (0, 0, u32::try_from(remaining).unwrap_or(u32::MAX), Some(job))
        }
    };
    let result = MemberRemoved {
        id,
        cancelled_registrations: cancelled,
        promoted_registrations: promoted,
        remaining_registrations: remaining,
    };
    Ok(Accepted { result, job })
}

#[async_trait]
impl StoredResult for MemberRemoved {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self.id)
            .counting(self.cancelled_registrations)
            .promoting(self.promoted_registrations)
    }

    async fn load(_: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        Ok(Self {
            id: stored.subject_as(MemberId::parse)?,
            cancelled_registrations: stored.counted()?,
            promoted_registrations: stored.promoted()?,
            remaining_registrations: 0,
        })
    }
}

impl Progressing for MemberRemoved {
    fn advance(&mut self, progress: JobProgress) {
        self.cancelled_registrations = self.cancelled_registrations.saturating_add(progress.done);
        self.promoted_registrations = self.promoted_registrations.saturating_add(progress.promoted);
        self.remaining_registrations = progress.remaining;
    }
}
