use std::collections::HashMap;

use convene_application::{
    caller::Admin,
    change::RequestMetadata,
    failure::Failure,
    member::{AddMemberCommand, UpdateMemberCommand, VisibleMember},
    ports::MemberPatch,
};
use convene_domain::{member::Role, text::UserId};

use super::{LoadError, Loader, everything::everything};
use crate::seed::{Count, MemberSeed};

impl Loader<'_> {
    /// Adds the members who are missing. One of them came with the organization if it was just `founded`.
    pub(super) async fn members(
        &self,
        admin: Admin<'_>,
        seeds: &[MemberSeed],
        founded: bool,
    ) -> Result<Count, LoadError> {
        let there = self.members_there(admin).await.map_err(self.failed("members"))?;
        let founder = seeds.iter().position(|seed| seed.role == Role::Admin);
        let mut count = Count::default();
        for (index, seed) in seeds.iter().enumerate() {
            let outcome = match there.get(&seed.user_id) {
                None => self.add_member(admin, seed).await,
                Some(member) if Some(index) == founder => self.complete_founder(admin, seed, member).await,
                Some(_) => Ok(()),
            };
            outcome.map_err(self.failed(&format!("members[{index}] {:?}", seed.user_id.as_str())))?;
            let came_with_it = founded && Some(index) == founder;
            count.add(came_with_it || !there.contains_key(&seed.user_id));
        }
        Ok(count)
    }

    async fn members_there(&self, admin: Admin<'_>) -> Result<HashMap<UserId, VisibleMember>, Failure> {
        let list = &self.use_cases.list_members;
        let members = everything(
            async |page| list.execute(&admin, None, page).await,
            |member: &VisibleMember| member.id,
        );
        Ok(members.await?.into_iter().map(|member| (member.user_id.clone(), member)).collect())
    }

    async fn add_member(&self, admin: Admin<'_>, seed: &MemberSeed) -> Result<(), Failure> {
        let MemberSeed { user_id, display_name, email, role } = seed.clone();
        let command = AddMemberCommand { user_id, display_name, email, role };
        self.use_cases.add_member.execute(admin, command, RequestMetadata::default()).await.map(drop)
    }

    /// An organization is founded without its founder's address. It is added as long as nobody changed the founder.
    async fn complete_founder(
        &self,
        admin: Admin<'_>,
        seed: &MemberSeed,
        member: &VisibleMember,
    ) -> Result<(), Failure> {
        let untouched = member.updated_at == member.created_at && member.email.is_none();
        if !untouched || seed.email.is_none() {
            return Ok(());
        }
        let patch = MemberPatch { email: Some(seed.email.clone()), ..MemberPatch::default() };
        let command = UpdateMemberCommand { member: member.id, patch };
        self.use_cases.update_member.execute(admin, command, RequestMetadata::default()).await.map(drop)
    }
}
