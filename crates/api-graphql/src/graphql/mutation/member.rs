use juniper::ID;

use super::payload::{payload, run};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{AddMemberInput, RemoveMemberInput, UpdateMemberInput, prepare},
    object::{Member, numbers::int},
};

payload!(
    /// A new member.
    AddMemberPayload {
        /// The member; null if it was refused.
        member: Option<Member>,
    }
);

/// Adds a member.
pub(super) async fn add(context: &Context, input: &AddMemberInput) -> Result<AddMemberPayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (command, request) = prepare(context, "addMember", input)?;
        let added = context.use_cases().add_member.execute(admin, command, request).await;
        added.map(|member| AddMemberPayload { member: Some(member.into()), ..Default::default() })
    })
    .await
}

payload!(
    /// A changed member.
    UpdateMemberPayload {
        /// The member as they are now; null if the change was refused.
        member: Option<Member>,
    }
);

/// Changes a member.
pub(super) async fn update(
    context: &Context,
    input: &UpdateMemberInput,
) -> Result<UpdateMemberPayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (command, request) = prepare(context, "updateMember", input)?;
        let updated = context.use_cases().update_member.execute(admin, command, request).await;
        updated.map(|member| UpdateMemberPayload { member: Some(member.into()), ..Default::default() })
    })
    .await
}

payload!(
    /// What removing a member did.
    RemoveMemberPayload {
        /// The member's id; null if it was refused.
        removed_member_id: Option<ID>,
        /// The number of cancelled registrations.
        cancelled_registrations: i32,
    }
);

/// Removes a member.
pub(super) async fn remove(
    context: &Context,
    input: &RemoveMemberInput,
) -> Result<RemoveMemberPayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (member, request) = prepare(context, "removeMember", input)?;
        let removed = context.use_cases().remove_member.execute(admin, member, request).await;
        removed.map(|removed| RemoveMemberPayload {
            removed_member_id: Some(ID::from(removed.id.to_string())),
            cancelled_registrations: int(removed.cancelled_registrations),
            ..Default::default()
        })
    })
    .await
}
