//! Members of an organization and their roles.

use std::fmt;

use crate::{
    id::MemberId,
    text::{DisplayName, Email, UserId},
    time::Instant,
};

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads, registers, reports issues.
    Member,
    /// Does everything a member does, and runs the organization: members, events, issues, others' registrations.
    Admin,
}

impl Role {
    /// The role's name in credentials, in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "MEMBER",
            Self::Admin => "ADMIN",
        }
    }

    /// Reads what [`as_str`](Self::as_str) gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Member, Self::Admin].into_iter().find(|role| role.as_str() == text)
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
    /// The member's identity.
    pub id: MemberId,
    /// The subject of the member's credentials, unique among the organization's members.
    pub user_id: UserId,
    /// What others see.
    pub display_name: DisplayName,
    /// Seen by the member and by admins only.
    pub email: Option<Email>,
    /// What the member may do.
    pub role: Role,
    /// When the member was added.
    pub created_at: Instant,
    /// When the member last changed.
    pub updated_at: Instant,
}
