use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Outcome, Refusal},
    member::{admins::AdminChange, log, refusals},
};
use convene_domain::member::Member;
use futures::FutureExt;

use crate::{
    database::Database,
    documents::{agenda::AgendaDocument, member::MemberDocument},
    error::{Attempt, Interruption},
    operation::Operation,
    schema::{self, UNIQUE_MEMBERSHIP},
    transaction::Transaction,
};

pub(super) async fn add(
    database: &Database,
    scope: &TenantScope,
    member: &Member,
    change: &Change,
) -> Outcome<Member> {
    database
        .change_serialized(scope, change, Operation::AddMember, |transaction| {
            async move {
                count_addition(transaction, AdminChange::between(None, Some(member))).await?;
                store(transaction, member, change).await
            }
            .boxed()
        })
        .await
}

/// Counts the addition and the admin. Nothing reads the number of additions: it makes an addition conflict with the deletion of the
/// organization, because otherwise both could succeed and leave the member behind.
async fn count_addition(transaction: &mut Transaction<'_>, change: AdminChange) -> Attempt<()> {
    let count = doc! { "$inc": { "additions": 1_i64, "adminCount": change.delta() } };
    let updated = transaction.collection(&schema::ORGANIZATIONS).update_one(doc! {}, count).await?;
    if updated.matched == 1 { Ok(()) } else { Err(Refusal::OrganizationSuspended.into()) }
}

/// Stores a member with an empty agenda, and logs it. Returns what is stored. An admin must have been counted before.
pub(crate) async fn store(
    transaction: &mut Transaction<'_>,
    member: &Member,
    change: &Change,
) -> Attempt<Member> {
    let at = transaction.recorded_at(change.at);
    let member = Member { created_at: at, updated_at: at, ..member.clone() };
    let inserted = transaction.collection(&schema::MEMBERS).insert(&MemberDocument::from(&member)).await;
    inserted.map_err(|error| match error {
        error if error.is_duplicate(Some(UNIQUE_MEMBERSHIP)) => refusals::user_id_taken().into(),
        error => Interruption::from(error),
    })?;
    // The agenda is stored with the member, so that no registration has to create one.
    let agenda = AgendaDocument::empty(transaction.scope().organization(), member.id);
    transaction.collection(&schema::AGENDAS).insert(&agenda).await?;
    transaction.log(change, log::added(&member));
    Ok(member)
}
