use convene_application::{
    failure::Field,
    organization::{CreateOrganizationCommand, DeleteOrganizationCommand},
    ports::OrganizationPatch,
};
use convene_domain::{
    id::OrganizationId,
    text::{DisplayName, OrganizationName, Slug, UserId},
};
use juniper::{GraphQLInputObject, ID, Nullable};

use super::{MutationInput, expected_version, idempotency_key};
use crate::graphql::{problems::Problems, scalars::TimeZone};

/// An organization to create, and its first ADMIN.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct CreateOrganizationInput {
    /// The name in credentials and addresses: lower-case letters, digits and hyphens, unique on the platform. It
    /// never changes.
    pub slug: String,
    /// The display name.
    pub name: String,
    /// The default time zone of its events.
    pub time_zone: TimeZone,
    /// The subject of the first ADMIN's credentials.
    pub admin_user_id: String,
    /// The display name of the first ADMIN.
    pub admin_display_name: String,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for CreateOrganizationInput {
    type Command = CreateOrganizationCommand;

    idempotency_key!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let slug = problems.check(Field::Slug, Slug::parse(&self.slug));
        let name = problems.check(Field::Name, OrganizationName::parse(&self.name));
        let time_zone = problems.check(Field::TimeZone, self.time_zone.parse());
        let admin_user_id = problems.check(Field::AdminUserId, UserId::parse_new(&self.admin_user_id));
        let admin_display_name =
            problems.check(Field::AdminDisplayName, DisplayName::parse(&self.admin_display_name));
        Some(CreateOrganizationCommand {
            slug: slug?,
            name: name?,
            time_zone: time_zone?,
            admin_user_id: admin_user_id?,
            admin_display_name: admin_display_name?,
        })
    }
}

/// Changes of the caller's organization. Fields that are left out stay as they are.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct UpdateOrganizationInput {
    /// A new display name.
    pub name: Nullable<String>,
    /// A new default time zone for new events; existing events keep their time zone.
    pub time_zone: Nullable<TimeZone>,
    /// The version that the change is based on; the change is refused if the organization has another version.
    pub expected_version: Option<i32>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for UpdateOrganizationInput {
    type Command = OrganizationPatch;

    idempotency_key!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let expected_version = expected_version(problems, self.expected_version);
        let name = problems.check_given(Field::Name, &self.name, |name| OrganizationName::parse(name));
        let time_zone = problems.check_given(Field::TimeZone, &self.time_zone, TimeZone::parse);
        Some(OrganizationPatch { expected_version: expected_version?, name: name?, time_zone: time_zone? })
    }
}

/// An organization to suspend.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct SuspendOrganizationInput {
    /// The id of the organization.
    pub organization_id: ID,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for SuspendOrganizationInput {
    type Command = OrganizationId;

    idempotency_key!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        problems.check(Field::OrganizationId, OrganizationId::parse(&self.organization_id))
    }
}

/// A suspended organization to resume.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct ResumeOrganizationInput {
    /// The id of the organization.
    pub organization_id: ID,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for ResumeOrganizationInput {
    type Command = OrganizationId;

    idempotency_key!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        problems.check(Field::OrganizationId, OrganizationId::parse(&self.organization_id))
    }
}

/// A suspended organization to delete.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct DeleteOrganizationInput {
    /// The id of the organization.
    pub organization_id: ID,
    /// The slug of the organization, as a confirmation.
    pub slug: String,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for DeleteOrganizationInput {
    type Command = DeleteOrganizationCommand;

    idempotency_key!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let organization =
            problems.check(Field::OrganizationId, OrganizationId::parse(&self.organization_id));
        let slug = problems.check(Field::Slug, Slug::parse(&self.slug));
        Some(DeleteOrganizationCommand { organization: organization?, slug: slug? })
    }
}
