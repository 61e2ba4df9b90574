//! The contract of [`Members`](crate::ports::Members).

use std::slice;

use convene_domain::{
    id::MemberId,
    member::Role,
    text::{DisplayName, Email, UserId},
};

use super::{
    environment::Environment,
    support::{NOW, by_root, by_root_at, concurrently, logged_fields, refusal},
};
use crate::{
    failure::{Failure, Field, Refusal},
    ports::{MemberFilter, MemberPatch, MemberRemoved},
    testing::builders::{ChangeBuilder, MemberBuilder, first, first_after, fresh_uuid},
};

pub(super) async fn added_members_are_logged_and_listed_in_order(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let journal = tenant.journal().await;
    let mut all = vec![tenant.admin.clone()];
    for user in ["bea", "ada", "cem"] {
        all.push(tenant.add(MemberBuilder::new(user).email("someone@example.org")).await);
    }
    all.push(tenant.add(MemberBuilder::new("dan").admin()).await);
    journal.expect([1, 2, 3, 4].map(|number: usize| ("member.added", all[number].id.to_string()))).await;

    let list = async |role, page| {
        let filter = MemberFilter { role, search: None };
        tenant.ports.members.list(&tenant.scope, filter, page).await.unwrap()
    };
    let page = list(None, first(2)).await;
    assert_eq!((page.items.as_slice(), page.has_more), (&all[..2], true));
    let page = list(None, first_after(2, all[1].id)).await;
    assert_eq!((page.items.as_slice(), page.has_more), (&all[2..4], true));
    let page = list(None, first_after(2, all[3].id)).await;
    assert_eq!((page.items.as_slice(), page.has_more), (&all[4..], false));
    let page = list(None, first(5)).await;
    assert_eq!((page.items.as_slice(), page.has_more), (&all[..], false));
    let page = list(Some(Role::Admin), first(5)).await;
    assert_eq!(page.items, [all[0].clone(), all[4].clone()]);
    let page = list(Some(Role::Member), first(1)).await;
    assert_eq!((page.items.as_slice(), page.has_more), (&all[1..2], true));

    let ids = [all[2].id, all[0].id, MemberId::from_uuid(fresh_uuid())];
    let mut found = tenant.ports.members.get_many(&tenant.scope, &ids).await.unwrap();
    found.sort_by_key(|member| member.id);
    assert_eq!(found, [all[0].clone(), all[2].clone()]);
    assert_eq!(tenant.ports.members.get_many(&tenant.scope, &[]).await.unwrap(), []);
}

pub(super) async fn a_taken_user_id_is_refused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    tenant.member("ada").await;
    let journal = tenant.journal().await;
    let other = MemberBuilder::new("ada").name("Another Ada").build();
    let refused = tenant.ports.members.add(&tenant.scope, other, &by_root()).await;
    assert_eq!(refusal(refused), Refusal::AlreadyExists { field: Field::UserId.into() });
    journal.expect_nothing().await;

    let elsewhere = environment.tenant("band").await;
    elsewhere.member("ada").await;
}

pub(super) async fn concurrent_additions_of_one_user_add_one_member(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let journal = tenant.journal().await;
    let calls = (0..8).map(|_| {
        let tenant = tenant.clone();
        let member = MemberBuilder::new("ada").build();
        async move { tenant.ports.members.add(&tenant.scope, member, &by_root()).await }
    });
    let (won, lost): (Vec<_>, Vec<_>) = concurrently(calls).await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 7));
    for outcome in lost {
        assert_eq!(refusal(outcome), Refusal::AlreadyExists { field: Field::UserId.into() });
    }
    let ada = won.into_iter().next().unwrap().unwrap();
    journal.expect([("member.added", ada.id.to_string())]).await;
}

pub(super) async fn updating_a_member_stores_and_logs_the_changed_fields(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.add(MemberBuilder::new("ada").email("ada@example.org")).await;
    let journal = tenant.journal().await;
    let later = NOW + time::Duration::MINUTE;
    let patch = MemberPatch {
        display_name: Some(DisplayName::parse("Ada Lovelace").unwrap()),
        email: Some(Some(Email::parse("lady@example.net").unwrap())),
        role: Some(Role::Admin),
        ..MemberPatch::default()
    };
    let updated =
        tenant.ports.members.update(&tenant.scope, ada.id, patch, &by_root_at(later)).await.unwrap();
    assert_eq!(updated.display_name.as_str(), "Ada Lovelace");
    assert_eq!(updated.email.as_ref().map(Email::as_str), Some("lady@example.net"));
    assert_eq!(updated.role, Role::Admin);
    assert_eq!((updated.created_at, updated.updated_at), (NOW, later));
    assert_eq!(
        tenant.ports.members.get_many(&tenant.scope, &[ada.id]).await.unwrap(),
        slice::from_ref(&updated)
    );
    journal.expect([("member.updated", ada.id.to_string())]).await;
    assert_eq!(
        logged_fields(&journal.new_entries().await),
        [
            ("displayName", "ada", "Ada Lovelace"),
            ("email", "a***@example.org", "l***@example.net"),
            ("role", "MEMBER", "ADMIN")
        ]
        .map(|(field, before, after)| (
            field.to_owned(),
            Some(before.to_owned()),
            Some(after.to_owned())
        ))
    );

    let journal = tenant.journal().await;
    let patch = MemberPatch { email: Some(None), ..MemberPatch::default() };
    let updated = tenant.ports.members.update(&tenant.scope, ada.id, patch, &by_root()).await.unwrap();
    assert_eq!(updated.email, None);
    let masked = Some(String::from("l***@example.net"));
    assert_eq!(logged_fields(&journal.new_entries().await), [(String::from("email"), masked, None)]);
}

pub(super) async fn an_update_without_effect_on_a_member_is_not_logged(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let journal = tenant.journal().await;
    let same = MemberPatch {
        display_name: Some(ada.display_name.clone()),
        email: Some(None),
        role: Some(Role::Member),
        ..MemberPatch::default()
    };
    let later = by_root_at(NOW + time::Duration::MINUTE);
    for patch in [MemberPatch::default(), same] {
        assert_eq!(tenant.ports.members.update(&tenant.scope, ada.id, patch, &later).await.unwrap(), ada);
    }
    journal.expect_nothing().await;
}

pub(super) async fn removing_or_demoting_the_last_admin_is_refused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let members = &tenant.ports.members;
    let root = tenant.admin.id;
    let demote = || MemberPatch { role: Some(Role::Member), ..MemberPatch::default() };
    tenant.member("bea").await;
    let journal = tenant.journal().await;
    assert_eq!(refusal(members.update(&tenant.scope, root, demote(), &by_root()).await), Refusal::LastAdmin);
    assert_eq!(refusal(members.remove(&tenant.scope, root, &by_root()).await), Refusal::LastAdmin);
    journal.expect_nothing().await;

    let ada = tenant.add(MemberBuilder::new("ada").admin()).await;
    assert_eq!(members.update(&tenant.scope, root, demote(), &by_root()).await.unwrap().role, Role::Member);
    assert_eq!(refusal(members.remove(&tenant.scope, ada.id, &by_root()).await), Refusal::LastAdmin);
    let patch = MemberPatch { role: Some(Role::Admin), ..MemberPatch::default() };
    members.update(&tenant.scope, root, patch, &by_root()).await.unwrap();
    members.remove(&tenant.scope, ada.id, &by_root()).await.unwrap();
    assert_eq!(refusal(members.remove(&tenant.scope, root, &by_root()).await), Refusal::LastAdmin);
}

pub(super) async fn two_admins_who_demote_each_other_leave_one_admin(environment: Environment) {
    for round in 0..5 {
        let tenant = environment.tenant(&format!("choir-{round}")).await;
        let ada = tenant.add(MemberBuilder::new("ada").admin()).await;
        let calls =
            [("root", ada.id, false), ("ada", tenant.admin.id, round % 2 == 0)].map(|(by, whom, out)| {
                let tenant = tenant.clone();
                async move {
                    let change = ChangeBuilder::by(by).build();
                    if out {
                        tenant.ports.members.remove(&tenant.scope, whom, &change).await.map(drop)
                    } else {
                        let patch = MemberPatch { role: Some(Role::Member), ..MemberPatch::default() };
                        tenant.ports.members.update(&tenant.scope, whom, patch, &change).await.map(drop)
                    }
                }
            });
        let outcomes = concurrently(calls).await;
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 1), "{lost:?}");
        assert_eq!(refusal(lost.into_iter().next().unwrap()), Refusal::LastAdmin);
        let admins = MemberFilter { role: Some(Role::Admin), search: None };
        let admins = tenant.ports.members.list(&tenant.scope, admins, first(5)).await.unwrap();
        assert_eq!(admins.items.len(), 1);
    }
}

pub(super) async fn a_removed_member_is_found_only_on_request(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let members = &tenant.ports.members;
    let ada = tenant.member("ada").await;
    let journal = tenant.journal().await;
    let removed = members.remove(&tenant.scope, ada.id, &by_root()).await.unwrap();
    assert_eq!(
        removed,
        MemberRemoved {
            id: ada.id,
            cancelled_registrations: 0,
            promoted_registrations: 0,
            remaining_registrations: 0,
        }
    );
    journal.expect([("member.removed", ada.id.to_string())]).await;

    assert_eq!(members.get_many(&tenant.scope, &[ada.id]).await.unwrap(), []);
    let shown = members.get_many_with_removed(&tenant.scope, &[ada.id, tenant.admin.id]).await.unwrap();
    let mut names: Vec<_> = shown.iter().map(|member| member.display_name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ada", "root"]);
    let listed = members.list(&tenant.scope, MemberFilter::default(), first(5)).await.unwrap();
    assert_eq!(listed.items, slice::from_ref(&tenant.admin));

    let journal = tenant.journal().await;
    let patch = MemberPatch { role: Some(Role::Admin), ..MemberPatch::default() };
    for id in [ada.id, MemberId::from_uuid(fresh_uuid())] {
        let not_found = |outcome: Result<_, Failure>| {
            assert_eq!(refusal(outcome), Refusal::not_found(Field::MemberId));
        };
        not_found(members.update(&tenant.scope, id, patch.clone(), &by_root()).await.map(drop));
        not_found(members.remove(&tenant.scope, id, &by_root()).await.map(drop));
    }
    journal.expect_nothing().await;

    let again = tenant.member("ada").await;
    assert_ne!(again.id, ada.id);
    assert_eq!(members.get_many(&tenant.scope, &[again.id, ada.id]).await.unwrap(), [again]);
}

pub(super) async fn an_active_member_is_found_by_user_id(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let members = &tenant.ports.members;
    let find =
        async |user| members.find_by_user_id(&tenant.scope, &UserId::parse(user).unwrap()).await.unwrap();
    let ada = tenant.member("ada").await;
    tenant.member("ada-2").await;
    environment.tenant("band").await.member("bea").await;
    assert_eq!(find("ada").await, Some(ada.clone()));
    for unknown in ["bea", "Ada", "ad"] {
        assert_eq!(find(unknown).await, None, "{unknown}");
    }

    members.remove(&tenant.scope, ada.id, &by_root()).await.unwrap();
    assert_eq!(find("ada").await, None);
    let readded = tenant.member("ada").await;
    assert_eq!(find("ada").await, Some(readded.clone()));
    let memberships =
        async |user| members.memberships(&tenant.scope, &UserId::parse(user).unwrap()).await.unwrap();
    assert_eq!(memberships("ada").await, [readded.id, ada.id]);
    assert_eq!(memberships("bea").await, []);
}
