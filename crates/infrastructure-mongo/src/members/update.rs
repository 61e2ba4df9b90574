use bson::{Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::Outcome,
    member::{admins::AdminChange, log},
    ports::MemberPatch,
};
use convene_domain::{id::MemberId, member::Member};
use futures::FutureExt;

use super::{count_admins, find};
use crate::{database::Database, documents::convert::date, operation::Operation, schema};

pub(super) async fn update(
    database: &Database,
    scope: &TenantScope,
    id: MemberId,
    patch: &MemberPatch,
    change: &Change,
) -> Outcome<Member> {
    database
        .change(scope, change, Operation::UpdateMember, |transaction| {
            async move {
                let before = find(transaction, id).await?;
                let change = &transaction.recorded_after(before.updated_at, change);
                let Some(after) = patch.apply(&before, change.at)? else { return Ok(before) };
                count_admins(transaction, AdminChange::between(Some(&before), Some(&after))).await?;
                let update = update_document(&after);
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

fn update_document(member: &Member) -> Document {
    let mut set = doc! {
        "displayName": member.display_name.as_str(),
        "role": member.role.as_str(),
        "version": member.version.cast_signed(),
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
