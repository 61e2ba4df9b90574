use async_trait::async_trait;
use convene_domain::{
    id::MemberId,
    member::{Member, Role},
    text::{DisplayName, Email, UserId},
};

use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    page::{Page, PageRequest},
};

/// What to change of a member; `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberPatch {
    /// A new name.
    pub display_name: Option<DisplayName>,
    /// A new e-mail address; `Some(None)` removes it.
    pub email: Option<Option<Email>>,
    /// A new role.
    pub role: Option<Role>,
}

/// What removing a member did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRemoved {
    /// The member.
    pub id: MemberId,
    /// How many seats and places in queues were given up.
    pub cancelled_registrations: u32,
}

/// Keeps an organization's members.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Members: Send + Sync {
    /// Stores a new member, together with an empty agenda.
    ///
    /// Refusals: `AlreadyExists` on `userId`.
    async fn add(&self, scope: &TenantScope, member: Member, change: &Change) -> Outcome<Member>;

    /// Changes a member. A patch that changes nothing is not logged.
    ///
    /// Refusals: `NotFound` on `memberId`; `LastAdmin` if no admin would be left, under any concurrency.
    async fn update(
        &self,
        scope: &TenantScope,
        id: MemberId,
        patch: MemberPatch,
        change: &Change,
    ) -> Outcome<Member>;

    /// Removes a member and cancels, with the reason `MemberRemoved`, every registration of theirs that has not
    /// ended; who waits for a seat that becomes free moves up. What has ended stays on record, so the member can
    /// still be shown with it.
    ///
    /// Refusals: `NotFound` on `memberId`; `LastAdmin`.
    async fn remove(&self, scope: &TenantScope, id: MemberId, change: &Change) -> Outcome<MemberRemoved>;

    /// The members with these ids that the organization has now, in any order.
    async fn get_many(&self, scope: &TenantScope, ids: &[MemberId]) -> Result<Vec<Member>, Fault>;

    /// The same, with those who were removed: to show whose a registration or an issue was.
    async fn get_many_with_removed(
        &self,
        scope: &TenantScope,
        ids: &[MemberId],
    ) -> Result<Vec<Member>, Fault>;

    /// The member with this user id; `None` if the organization does not have one now.
    async fn find_by_user_id(&self, scope: &TenantScope, user: &UserId) -> Result<Option<Member>, Fault>;

    /// The members that the organization has now, by id (the order in which they were added).
    async fn list(
        &self,
        scope: &TenantScope,
        role: Option<Role>,
        page: PageRequest<MemberId>,
    ) -> Result<Page<Member>, Fault>;
}
