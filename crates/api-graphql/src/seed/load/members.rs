use std::collections::HashMap;

use convene_application::{
    caller::Admin,
    change::RequestMetadata,
    failure::Failure,
    member::{AddMemberCommand, UpdateMemberCommand, VisibleMember},
    ports::{MemberFilter, MemberPatch},
};
use convene_domain::{member::Role, text::UserId};

use super::{LoadError, Loader, organization::is_taken, pages::all_pages};
use crate::seed::{Count, MemberSeed};

impl Loader<'_> {
    /// Adds missing members. If the load `created` the organization, its first admin was created with it.
    pub(super) async fn members(
        &self,
        admin: Admin<'_>,
        seeds: &[MemberSeed],
        created: bool,
    ) -> Result<Count, LoadError> {
        let existing = self.existing_members(admin).await.map_err(self.failed("members"))?;
        let first_admin = seeds.iter().position(|seed| seed.role == Role::Admin);
        let mut count = Count::default();
        for (index, seed) in seeds.iter().enumerate() {
            let outcome = match existing.get(&seed.user_id) {
                None => self.add_member(admin, seed).await,
                Some(member) if Some(index) == first_admin => {
                    self.complete_first_admin(admin, seed, member).await.map(|()| created)
                }
                Some(_) => Ok(false),
            };
            let is_new =
                outcome.map_err(self.failed(&format!("members[{index}] {:?}", seed.user_id.as_str())))?;
            count.add(is_new);
        }
        Ok(count)
    }

    async fn existing_members(&self, admin: Admin<'_>) -> Result<HashMap<UserId, VisibleMember>, Failure> {
        let list = &self.use_cases.list_members;
        let members = all_pages(
            async |page| list.execute(&admin, MemberFilter::default(), page).await,
            |member: &VisibleMember| member.id,
        );
        Ok(members.await?.into_iter().map(|member| (member.user_id.clone(), member)).collect())
    }

    /// Adds a member. False if somebody else has added them in the meantime, such as another load.
    async fn add_member(&self, admin: Admin<'_>, seed: &MemberSeed) -> Result<bool, Failure> {
        let MemberSeed { user_id, display_name, email, role } = seed.clone();
        let command = AddMemberCommand { user_id, display_name, email, role };
        match self.use_cases.add_member.execute(admin, command, RequestMetadata::default()).await {
            Err(Failure::Refused(refusals)) if refusals.iter().any(is_taken) => Ok(false),
            outcome => outcome.map(|_member| true),
        }
    }

    /// Adds the e-mail address of the first admin, which the creation of an organization does not set. A member who
    /// was changed since stays unchanged.
    async fn complete_first_admin(
        &self,
        admin: Admin<'_>,
        seed: &MemberSeed,
        member: &VisibleMember,
    ) -> Result<(), Failure> {
        let is_unchanged = member.updated_at == member.created_at && member.email.is_none();
        if !is_unchanged || seed.email.is_none() {
            return Ok(());
        }
        let patch = MemberPatch { email: Some(seed.email.clone()), ..MemberPatch::default() };
        let command = UpdateMemberCommand { member: member.id, patch };
        self.use_cases.update_member.execute(admin, command, RequestMetadata::default()).await.map(drop)
    }
}
