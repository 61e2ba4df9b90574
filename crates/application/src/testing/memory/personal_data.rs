use async_trait::async_trait;
use convene_domain::{
    activity::{Actor, Subject},
    id::MemberId,
    member::Member,
    registration::Registration,
    text::{DisplayName, UserId},
};

use super::{
    InMemory,
    tenant::{MemberRecord, Tenant},
};
use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    member::log,
    personal_data::{PersonalEntries, redacted_value},
    ports::{BusyTime, ERASED_NAME, Erased, Ids, Membership, PersonalData, PersonalRecord, pseudonym},
};

#[async_trait]
impl PersonalData for InMemory {
    async fn collect(&self, scope: &TenantScope, user: &UserId) -> Result<PersonalRecord, Fault> {
        let tenant = self.read(scope)?;
        let memberships: Vec<Membership> = tenant
            .members
            .values()
            .filter(|record| record.member.user_id == *user)
            .map(|record| Membership { member: record.member.clone(), removed_at: record.removed })
            .collect();
        let is_person = |member| memberships.iter().any(|membership| membership.member.id == member);
        let mut agenda: Vec<BusyTime> = memberships
            .iter()
            .filter(|membership| membership.removed_at.is_none())
            .flat_map(|membership| tenant.seats_of(membership.member.id))
            .map(|seat| BusyTime { occurrence: seat.occurrence, interval: seat.interval })
            .collect();
        agenda.sort_by_key(|busy| busy.interval);
        let issues = tenant.issues.values();
        let involved =
            issues.filter(|issue| is_person(issue.created_by) || issue.assignee.is_some_and(is_person));
        let registrations: Vec<Registration> =
            tenant.registrations.values().filter(|it| is_person(it.member)).cloned().collect();
        let ids = memberships.iter().map(|membership| membership.member.id.to_string());
        let mut entries =
            PersonalEntries::new(user, ids.chain(registrations.iter().map(|it| it.id.to_string())));
        Ok(PersonalRecord {
            agenda,
            registrations,
            issues: involved.cloned().collect(),
            activity: tenant.log.values().filter(|entry| entries.select(entry)).cloned().collect(),
            keys: tenant.keys.used_by(&Actor::User(user.clone())),
            memberships,
        })
    }

    async fn may_erase(&self, _: &TenantScope) -> Outcome<bool> {
        Ok(true)
    }

    async fn erase(&self, scope: &TenantScope, user: &UserId, change: &Change) -> Outcome<Erased> {
        let spare = self.ids.next();
        self.transact(scope, change, |transaction| {
            let tenant = &mut transaction.tenant;
            let removed =
                tenant.members.values().filter(|it| it.removed.is_some() && it.member.user_id == *user);
            let members: Vec<MemberId> = removed.map(|record| record.member.id).collect();
            let pseudonym = pseudonym(members.first().map_or(spare, MemberId::uuid));
            let pseudonym = UserId::parse(&pseudonym).expect("a pseudonym is a user id");
            if pseudonym == *user {
                return Ok(Erased::default());
            }
            let actor = Actor::User(user.clone());
            let keys = tenant.keys.delete_of_actor(&actor);
            let entries = rewrite_log(tenant, &actor, &members, &pseudonym);
            for id in &members {
                let Some(before) = transaction.tenant.members.get(id).cloned() else { continue };
                let member = Member {
                    user_id: pseudonym.clone(),
                    display_name: DisplayName::parse(ERASED_NAME).expect("a name"),
                    email: None,
                    updated_at: transaction.follow(before.member.updated_at),
                    ..before.member
                };
                transaction.tenant.members.insert(*id, MemberRecord { member, ..before });
                transaction.log(log::erased(*id));
            }
            let memberships = u32::try_from(members.len()).unwrap_or(u32::MAX);
            Ok(Erased { memberships, entries, keys })
        })
    }
}

fn rewrite_log(tenant: &mut Tenant, actor: &Actor, members: &[MemberId], pseudonym: &UserId) -> u64 {
    let mut rewritten = 0;
    for entry in tenant.log.values_mut() {
        let before = entry.clone();
        if entry.actor == *actor {
            entry.actor = Actor::User(pseudonym.clone());
        }
        if matches!(entry.subject, Subject::Member(member) if members.contains(&member)) {
            for change in &mut entry.changes {
                let Some(with) = redacted_value(&change.field, pseudonym.as_str()) else { continue };
                for value in [&mut change.before, &mut change.after].into_iter().flatten() {
                    with.clone_into(value);
                }
            }
        }
        rewritten += u64::from(*entry != before);
    }
    rewritten
}
