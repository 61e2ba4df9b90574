use juniper::ID;

use super::payload::{payload, run};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{AddMemberInput, RemoveMemberInput, UpdateMemberInput, prepare},
    object::{Member, numbers::int},
};

payload!(
    /// The result of adding a member.
    AddMemberPayload {
        /// The member; null if the mutation was refused.
        member: Option<Member>,
    }
);

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
    /// The result of changing a member.
    UpdateMemberPayload {
        /// The changed member; null if the mutation was refused.
        member: Option<Member>,
    }
);

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
    /// The result of removing a member.
    RemoveMemberPayload {
        /// The id of the removed member; null if the mutation was refused.
        removed_member_id: Option<ID>,
        /// The number of cancelled registrations.
        cancelled_registrations: i32,
        /// The number of registrations that the change promotes from waitlists, also of other events.
        promoted_registrations: i32,
        /// The number of registrations that later steps of a large change will cancel; 0 if it is complete.
        remaining_registrations: i32,
    }
);

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
            promoted_registrations: int(removed.promoted_registrations),
            remaining_registrations: int(removed.remaining_registrations),
            ..Default::default()
        })
    })
    .await
}
