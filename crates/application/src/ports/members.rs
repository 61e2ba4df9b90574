use async_trait::async_trait;
use convene_domain::{
    id::MemberId,
    member::{Member, Role},
    text::{DisplayName, Email, FoldedText, SearchText, UserId},
};

use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    page::{BoundedPage, PageRequest},
};

/// The conditions of a list of members. All that are set must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberFilter {
    pub role: Option<Role>,
    /// A text in the display name, regardless of case and accents.
    pub search: Option<SearchText>,
}

impl MemberFilter {
    /// Tests whether a member matches the filter.
    #[must_use]
    pub fn matches(&self, member: &Member) -> bool {
        self.role.is_none_or(|role| member.role == role)
            && self
                .search
                .as_ref()
                .is_none_or(|text| FoldedText::of(member.display_name.as_str()).contains(&text.folded()))
    }
}

/// A change of a member. `None` keeps the value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberPatch {
    /// The expected version; `None` accepts any version.
    pub expected_version: Option<u32>,
    pub display_name: Option<DisplayName>,
    /// `Some(None)` removes the address.
    pub email: Option<Option<Email>>,
    pub role: Option<Role>,
}

/// The result of removing a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRemoved {
    pub id: MemberId,
    /// The number of cancelled registrations, confirmed and waitlisted.
    pub cancelled_registrations: u32,
    /// The number of registrations of others that were promoted from waitlists.
    pub promoted_registrations: u32,
    /// The number of registrations that later steps of a large removal will cancel; 0 if it is complete.
    pub remaining_registrations: u32,
}

/// Stores the members of organizations.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Members: Send + Sync {
    /// Stores a new member, together with an empty agenda.
    ///
    /// Refusals: `AlreadyExists` on `userId`.
    async fn add(&self, scope: &TenantScope, member: Member, change: &Change) -> Outcome<Member>;

    /// Changes a member. A patch that changes nothing is not logged.
    ///
    /// Refusals: `NotFound` on `memberId`; `VersionConflict`; `LastAdmin` if no admin would be left, under any
    /// concurrency.
    async fn update(
        &self,
        scope: &TenantScope,
        id: MemberId,
        patch: MemberPatch,
        change: &Change,
    ) -> Outcome<Member>;

    /// Removes a member and cancels, with the reason `MemberRemoved`, every registration of the member that has not
    /// ended; the free seats go to waitlisted members. The member and the ended registrations stay stored, so that
    /// they can still be shown. The removal of a member with many registrations is carried out in
    /// [steps](crate::ports::Jobs), each with its promotions.
    ///
    /// Refusals: `NotFound` on `memberId`; `LastAdmin`.
    async fn remove(&self, scope: &TenantScope, id: MemberId, change: &Change) -> Outcome<MemberRemoved>;

    /// The members with these ids, without removed ones, in any order.
    async fn get_many(&self, scope: &TenantScope, ids: &[MemberId]) -> Result<Vec<Member>, Fault>;

    /// The members with these ids, including removed ones, in any order.
    async fn get_many_with_removed(
        &self,
        scope: &TenantScope,
        ids: &[MemberId],
    ) -> Result<Vec<Member>, Fault>;

    /// The member with this user id, unless removed.
    async fn find_by_user_id(&self, scope: &TenantScope, user: &UserId) -> Result<Option<Member>, Fault>;

    /// The memberships of the user, including removed ones, the latest first; at most
    /// [`FILTER_VALUES`](crate::limits::FILTER_VALUES).
    async fn memberships(&self, scope: &TenantScope, user: &UserId) -> Result<Vec<MemberId>, Fault>;

    /// The members that match the filter, without removed ones, by id (the order in which they were added).
    ///
    /// A search may end before the page is full, as the limits of searches say.
    async fn list(
        &self,
        scope: &TenantScope,
        filter: MemberFilter,
        page: PageRequest<MemberId>,
    ) -> Result<BoundedPage<Member, MemberId>, Fault>;

    /// The number of members that match the filter, without removed ones, up to [`COUNTED`](crate::limits::COUNTED); `None` beyond,
    /// and if a search has more to examine than for one page.
    async fn count(&self, scope: &TenantScope, filter: MemberFilter) -> Result<Option<u32>, Fault>;
}
