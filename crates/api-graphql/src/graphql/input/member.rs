use convene_application::{
    failure::Field,
    member::{AddMemberCommand, UpdateMemberCommand},
    ports::MemberPatch,
};
use convene_domain::{
    id::MemberId,
    member,
    text::{DisplayName, Email, UserId},
};
use juniper::{GraphQLInputObject, ID, Nullable};

use super::{Choice, MutationInput, dry_run, expected_version, idempotency_key, known};
use crate::graphql::{object::Role, problems::Problems};

/// A member to add to the caller's organization.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct AddMemberInput {
    /// The subject of the member's credentials, unique in the organization; 1 to 255 characters. It must not begin with `erased-`.
    pub user_id: String,
    /// The name that other members see, 1 to 200 characters.
    pub display_name: String,
    /// The email address, at most 254 characters; visible to the member and to ADMINs only.
    pub email: Option<String>,
    /// The role; MEMBER if left out.
    #[graphql(default = Some(Choice(member::Role::default().into())))]
    pub role: Option<Choice<Role>>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for AddMemberInput {
    type Command = AddMemberCommand;

    idempotency_key!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let user_id = problems.check(Field::UserId, UserId::parse_new(&self.user_id));
        let display_name = problems.check(Field::DisplayName, DisplayName::parse(&self.display_name));
        let email = problems.check_optional(Field::Email, self.email.as_deref(), Email::parse);
        let role = problems.with_default(Field::Role, self.role);
        Some(AddMemberCommand {
            user_id: user_id?,
            display_name: display_name?,
            email: email?,
            role: role.map(|Choice(role)| role.into())?,
        })
    }
}

/// Changes of a member. Fields that are left out stay as they are.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct UpdateMemberInput {
    /// The id of the member.
    pub member_id: ID,
    /// A new display name.
    pub display_name: Nullable<String>,
    /// A new email address; null removes the address.
    pub email: Nullable<String>,
    /// A new role. The role of the organization's last ADMIN cannot change.
    pub role: Nullable<Role>,
    /// The version that the change is based on; the change is refused if the member has another version.
    pub expected_version: Option<i32>,
    /// Answers as the mutation would, and stores nothing: no change, no entry of the log, no use of the key. Nested lists
    /// show what is stored.
    #[graphql(default = Some(false))]
    pub dry_run: Option<bool>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for UpdateMemberInput {
    type Command = UpdateMemberCommand;

    idempotency_key!();
    dry_run!();

    fn cleared(&self) -> Vec<&'static str> {
        self.email.is_explicit_null().then_some("email").into_iter().collect()
    }

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let expected_version = expected_version(problems, self.expected_version);
        let member = problems.check(Field::MemberId, MemberId::parse(&self.member_id));
        let display_name =
            problems.check_given(Field::DisplayName, &self.display_name, |name| DisplayName::parse(name));
        let email = problems.check_clearable(Field::Email, &self.email, |text| Email::parse(text));
        let role = problems.check_given(Field::Role, &self.role, known);
        let patch = MemberPatch {
            expected_version: expected_version?,
            display_name: display_name?,
            email: email?,
            role: role?,
        };
        Some(UpdateMemberCommand { member: member?, patch })
    }
}

/// A member to remove.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct RemoveMemberInput {
    /// The id of the member.
    pub member_id: ID,
    /// Answers as the mutation would, and stores nothing: no change, no entry of the log, no use of the key. Nested lists
    /// show what is stored.
    #[graphql(default = Some(false))]
    pub dry_run: Option<bool>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for RemoveMemberInput {
    type Command = MemberId;

    idempotency_key!();
    dry_run!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        problems.check(Field::MemberId, MemberId::parse(&self.member_id))
    }
}
