use std::sync::Arc;

use convene_domain::activity::Actor;

use super::{Person, scope};
use crate::{
    caller::Operator,
    change::RequestMetadata,
    failure::{Failure, Fault, Field, Refusal},
    ports::{ActiveMembership, Clock, Directory, Erased, Members, OrganizationReference, PersonalData},
};

/// The effects of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// The number of confirmed and waitlisted registrations that were cancelled.
    pub cancelled_registrations: u32,
    pub erased: Erased,
}

/// The reason why a person's data were not erased.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The storage does not permit changes of the activity log. Nothing was erased.
    #[error("the activity log may not be changed")]
    NotPermitted,
    /// The rules refuse the erasure, which did not begin, or a fault ended it at any point.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<Fault> for ErasureError {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault.into())
    }
}

/// Erases the data that an organization has about a person.
pub struct ErasePersonalData {
    clock: Arc<dyn Clock>,
    directory: Arc<dyn Directory>,
    members: Arc<dyn Members>,
    personal_data: Arc<dyn PersonalData>,
}

impl ErasePersonalData {
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        directory: Arc<dyn Directory>,
        members: Arc<dyn Members>,
        personal_data: Arc<dyn PersonalData>,
    ) -> Self {
        Self { clock, directory, members, personal_data }
    }

    /// Removes the person from the organization, as an admin would, and replaces the user id by a pseudonym everywhere.
    /// A second call finishes an erasure that was interrupted.
    ///
    /// The actor in the activity log is the platform: the operator's commands know no user.
    ///
    /// # Errors
    /// Refused with `NotFound` on `org`, with `NotFound` on `user` for a person about whom nothing is stored, or with `LastAdmin`.
    /// Then, and without the right to change the log, nothing was erased. A wrong id must not look like a completed erasure.
    #[tracing::instrument(name = "personal_data.erase", skip_all)]
    pub async fn execute(&self, operator: &Operator, person: &Person) -> Result<Erasure, ErasureError> {
        let scope = scope(&*self.directory, operator, person).await?;
        if !self.personal_data.may_erase(&scope).await? {
            return Err(ErasureError::NotPermitted);
        }
        let change = RequestMetadata::default().into_change(Actor::System, self.clock.now());
        let organization = OrganizationReference::Id(scope.organization());
        let present = self.directory.find_membership(&organization, &person.user).await?;
        let is_member = present.is_some();
        let cancelled_registrations = match present {
            Some(ActiveMembership { member, .. }) => {
                match self.members.remove(&scope, member.id, &change).await {
                    // The erasure completes a removal in steps.
                    Ok(removed) => removed.cancelled_registrations + removed.remaining_registrations,
                    // Another call removed the member in the meantime.
                    Err(Failure::Refused(refusals)) if matches!(refusals[..], [Refusal::NotFound { .. }]) => {
                        0
                    }
                    Err(failure) => return Err(failure.into()),
                }
            }
            None => 0,
        };
        let erased = self.personal_data.erase(&scope, &person.user, &change).await?;
        if !is_member && erased == Erased::default() {
            return Err(Failure::from(Refusal::not_found(Field::User)).into());
        }
        Ok(Erasure { cancelled_registrations, erased })
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::{id::OrganizationId, member::Role, organization::OrganizationStatus, text::UserId};
    use uuid::Uuid;

    use super::*;
    use crate::{
        fixtures,
        ports::{MockDirectory, MockMembers, MockPersonalData},
        testing::FixedClock,
    };

    fn person(user: &str) -> Person {
        let organization = OrganizationReference::parse("choir").unwrap();
        Person { organization, user: UserId::parse(user).unwrap() }
    }

    fn directory(member: bool) -> MockDirectory {
        let id = OrganizationId::from_uuid(Uuid::nil());
        let mut directory = MockDirectory::new();
        directory.expect_find_organization().returning(move |_| Ok(Some(id)));
        let found = member.then(|| ActiveMembership {
            organization: id,
            member: fixtures::member(fixtures::BOB, Role::Admin),
            catalogue_revision: None,
            status: OrganizationStatus::Active,
        });
        directory.expect_find_membership().returning(move |_, _| Ok(found.clone()));
        directory
    }

    fn permitted() -> MockPersonalData {
        let mut personal_data = MockPersonalData::new();
        personal_data.expect_may_erase().returning(|_| Ok(true));
        personal_data
    }

    async fn erase(
        directory: MockDirectory,
        members: MockMembers,
        personal_data: MockPersonalData,
        user: &str,
    ) -> Result<Erasure, ErasureError> {
        let (directory, members) = (Arc::new(directory), Arc::new(members));
        let erase = ErasePersonalData::new(
            Arc::new(FixedClock::default()),
            directory,
            members,
            Arc::new(personal_data),
        );
        let operator = Operator::for_tests(UserId::parse("operator").unwrap());
        erase.execute(&operator, &person(user)).await
    }

    #[tokio::test]
    async fn the_last_admin_is_not_erased() {
        let mut members = MockMembers::new();
        members.expect_remove().returning(|_, _, _| Err(Refusal::LastAdmin.into()));
        // The mock panics if `erase` is called.
        let outcome = erase(directory(true), members, permitted(), "bob").await;
        assert!(
            matches!(outcome, Err(ErasureError::Failed(Failure::Refused(refusals))) if refusals[..] == [Refusal::LastAdmin])
        );
    }

    #[tokio::test]
    async fn no_member_is_removed_without_the_right_to_change_the_log() {
        let mut personal_data = MockPersonalData::new();
        personal_data.expect_may_erase().returning(|_| Ok(false));
        // The mocks panic if they are called.
        let outcome = erase(directory(true), MockMembers::new(), personal_data, "bob").await;
        assert!(matches!(outcome, Err(ErasureError::NotPermitted)), "{outcome:?}");
    }

    #[tokio::test]
    async fn the_erasure_of_a_removed_member_is_finished() {
        let mut personal_data = permitted();
        let erased = Erased { memberships: 1, entries: 2, keys: 3 };
        personal_data
            .expect_erase()
            .withf(|_, user, change| user.as_str() == "bob" && change.actor == Actor::System)
            .returning(move |_, _, _| Ok(erased));
        let outcome = erase(directory(false), MockMembers::new(), personal_data, "bob").await;
        assert_eq!(outcome.unwrap(), Erasure { cancelled_registrations: 0, erased });
    }

    #[tokio::test]
    async fn a_person_about_whom_nothing_is_stored_is_unknown() {
        let mut personal_data = permitted();
        personal_data.expect_erase().returning(|_, _, _| Ok(Erased::default()));
        let outcome = erase(directory(false), MockMembers::new(), personal_data, "nobody").await;
        let unknown = Refusal::not_found(Field::User);
        assert!(
            matches!(outcome, Err(ErasureError::Failed(Failure::Refused(refusals))) if refusals[..] == [unknown])
        );
    }

    #[tokio::test]
    async fn a_member_who_was_removed_in_the_meantime_is_erased() {
        let mut members = MockMembers::new();
        members.expect_remove().returning(|_, _, _| Err(Refusal::not_found(Field::MemberId).into()));
        let mut personal_data = permitted();
        personal_data.expect_erase().once().returning(|_, _, _| Ok(Erased::default()));
        let outcome = erase(directory(true), members, personal_data, "bob").await;
        assert_eq!(outcome.unwrap().cancelled_registrations, 0);
    }
}
