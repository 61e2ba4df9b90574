use async_trait::async_trait;
use convene_domain::{id::MemberId, member::Member, registration::CancellationReason, text::UserId};

use super::{InMemory, pages, tenant::MemberRecord, transaction::Transaction};
use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome, Refusal},
    limits::FILTER_VALUES,
    member::{self, admins::AdminChange},
    page::{BoundedPage, PageRequest},
    ports::{MemberFilter, MemberPatch, MemberRemoved, Members},
};

#[async_trait]
impl Members for InMemory {
    async fn add(&self, scope: &TenantScope, member: Member, change: &Change) -> Outcome<Member> {
        self.transact(scope, change, |transaction| {
            if transaction.tenant.present_members().any(|other| other.user_id == member.user_id) {
                return Err(member::refusals::user_id_taken().into());
            }
            let record = MemberRecord { member: member.clone(), removed: None };
            transaction.tenant.members.insert(member.id, record);
            transaction.log(member::log::added(&member));
            Ok(member)
        })
    }

    async fn update(
        &self,
        scope: &TenantScope,
        id: MemberId,
        patch: MemberPatch,
        change: &Change,
    ) -> Outcome<Member> {
        self.transact(scope, change, |transaction| {
            let before = transaction.present_member(id)?;
            let at = transaction.follow(before.updated_at);
            let Some(after) = patch.apply(&before, at)? else { return Ok(before) };
            AdminChange::between(Some(&before), Some(&after)).check(transaction.tenant.admins())?;
            let record = MemberRecord { member: after.clone(), removed: None };
            transaction.tenant.members.insert(id, record);
            transaction.log(member::log::updated(&before, &after));
            Ok(after)
        })
    }

    async fn remove(&self, scope: &TenantScope, id: MemberId, change: &Change) -> Outcome<MemberRemoved> {
        self.transact(scope, change, |transaction| {
            let mut member = transaction.present_member(id)?;
            let at = transaction.follow(member.updated_at);
            AdminChange::between(Some(&member), None).check(transaction.tenant.admins())?;
            transaction.log(member::log::removed(&member));
            member.updated_at = at;
            transaction.tenant.members.insert(id, MemberRecord { member, removed: Some(at) });
            let held: Vec<_> = transaction
                .tenant
                .registrations
                .values()
                .filter(|held| held.member == id && held.status.is_active() && held.interval.end() > at)
                .cloned()
                .collect();
            for registration in &held {
                transaction.cancel(registration.id, CancellationReason::MemberRemoved)?;
            }
            transaction.promote_in(held.iter().filter(|held| held.is_seat()).map(|seat| seat.occurrence))?;
            let cancelled_registrations = u32::try_from(held.len()).unwrap_or(u32::MAX);
            Ok(MemberRemoved {
                id,
                cancelled_registrations,
                promoted_registrations: transaction.promoted,
                remaining_registrations: 0,
            })
        })
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[MemberId]) -> Result<Vec<Member>, Fault> {
        let tenant = self.read(scope)?;
        Ok(tenant.present_members().filter(|member| ids.contains(&member.id)).cloned().collect())
    }

    async fn get_many_with_removed(
        &self,
        scope: &TenantScope,
        ids: &[MemberId],
    ) -> Result<Vec<Member>, Fault> {
        let tenant = self.read(scope)?;
        let all = tenant.members.values().map(|record| &record.member);
        Ok(all.filter(|member| ids.contains(&member.id)).cloned().collect())
    }

    async fn find_by_user_id(&self, scope: &TenantScope, user: &UserId) -> Result<Option<Member>, Fault> {
        Ok(self.read(scope)?.present_members().find(|member| member.user_id == *user).cloned())
    }

    async fn memberships(&self, scope: &TenantScope, user: &UserId) -> Result<Vec<MemberId>, Fault> {
        let tenant = self.read(scope)?;
        let all = tenant.members.values().map(|record| &record.member);
        let mut ids: Vec<MemberId> =
            all.filter(|member| member.user_id == *user).map(|member| member.id).collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids.truncate(FILTER_VALUES);
        Ok(ids)
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: MemberFilter,
        page: PageRequest<MemberId>,
    ) -> Result<BoundedPage<Member, MemberId>, Fault> {
        let tenant = self.read(scope)?;
        let found = tenant.present_members().filter(|member| filter.matches(member));
        Ok(pages::page(found.cloned(), &page, |member| member.id).into())
    }

    async fn count(&self, scope: &TenantScope, filter: MemberFilter) -> Result<Option<u32>, Fault> {
        let tenant = self.read(scope)?;
        Ok(pages::count(tenant.present_members().filter(|member| filter.matches(member))))
    }
}

impl Transaction<'_> {
    fn present_member(&self, id: MemberId) -> Result<Member, Refusal> {
        self.tenant.member(id).cloned().ok_or_else(member::refusals::not_found)
    }
}
