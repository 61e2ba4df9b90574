use bson::{Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Outcome, Refusal},
    ports::MemberPatch,
};
use convene_domain::{
    id::MemberId,
    member::{Member, Role},
};
use futures::FutureExt;

use super::{find, log};
use crate::{database::Database, documents::convert::date, error::Attempt, schema, transaction::Transaction};

/// Changes a member, if the patch changes anything.
pub(super) async fn update(
    database: &Database,
    scope: &TenantScope,
    id: MemberId,
    patch: &MemberPatch,
    change: &Change,
) -> Outcome<Member> {
    database
        .change(scope, change, "updateMember", |transaction| {
            async move {
                let before = find(transaction, id, "memberId").await?;
                let mut after = patched(&before, patch);
                if after == before {
                    return Ok(after);
                }
                after.updated_at = change.at;
                match (before.role, after.role) {
                    (Role::Member, Role::Admin) => count_admins(transaction, 1).await?,
                    (Role::Admin, Role::Member) => count_admins(transaction, -1).await?,
                    (Role::Member, Role::Member) | (Role::Admin, Role::Admin) => {}
                }
                let update = written(&after);
                transaction
                    .collection(&schema::MEMBERS)
                    .update_one(doc! { "_id": id.to_string() }, update)
                    .await?;
                transaction.log(change, log::updated(&before, &after));
                Ok(after)
            }
            .boxed()
        })
        .await
}

fn patched(member: &Member, patch: &MemberPatch) -> Member {
    let MemberPatch { display_name, email, role } = patch;
    Member {
        display_name: display_name.clone().unwrap_or_else(|| member.display_name.clone()),
        email: email.clone().unwrap_or_else(|| member.email.clone()),
        role: role.unwrap_or(member.role),
        ..member.clone()
    }
}

fn written(member: &Member) -> Document {
    let mut set = doc! {
        "displayName": member.display_name.as_str(),
        "role": member.role.as_str(),
        "updatedAt": date(member.updated_at),
    };
    match &member.email {
        Some(email) => {
            set.insert("email", email.as_str());
            doc! { "$set": set }
        }
        None => doc! { "$set": set, "$unset": { "email": "" } },
    }
}

/// Counts the organization's admins on by `by`, 1 or -1.
///
/// Everybody who makes or unmakes an admin writes this one document, so two who do it at once get in each
/// other's way, and the later one sees what the earlier one left.
///
/// # Errors
/// [`Refusal::LastAdmin`] if none would be left.
pub(super) async fn count_admins(transaction: &mut Transaction<'_>, by: i32) -> Attempt<()> {
    let enough = doc! { "adminCount": { "$gt": -by } };
    let mut organizations = transaction.collection(&schema::ORGANIZATIONS);
    let updated = organizations.update_one(enough, doc! { "$inc": { "adminCount": by } }).await?;
    if updated.matched == 1 { Ok(()) } else { Err(Refusal::LastAdmin.into()) }
}
