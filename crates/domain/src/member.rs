//! Members of an organization and their roles.

use std::fmt;

use crate::{
    id::MemberId,
    names::names,
    text::{DisplayName, Email, UserId},
    time::Instant,
};

names! {
    /// A member's role.
    #[derive(PartialOrd, Ord, Default)]
    pub enum Role {
        /// May read, register and report issues: the role of a member who is added without one.
        #[default]
        Member => "MEMBER",
        /// May also manage members, events, issues and the registrations of others.
        Admin => "ADMIN",
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A person in an organization. The same person in two organizations is two members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The member's id.
    pub id: MemberId,
    /// The subject of the member's credentials, unique among the organization's members.
    pub user_id: UserId,
    /// The name that other members see.
    pub display_name: DisplayName,
    /// The e-mail address; only the member and admins may see it.
    pub email: Option<Email>,
    /// The role.
    pub role: Role,
    /// The number of changes, from 1. A change of an outdated version is refused.
    pub version: u32,
    /// The creation time.
    pub created_at: Instant,
    /// The time of the last change.
    pub updated_at: Instant,
}
