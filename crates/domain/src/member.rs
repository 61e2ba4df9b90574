//! Members of an organization and their roles.

use std::fmt;

use crate::{
    id::MemberId,
    text::{DisplayName, Email, UserId},
    time::Instant,
};

/// A member's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Role {
    /// May read, register and report issues: the role of a member who is added without one.
    #[default]
    Member,
    /// May also manage members, events, issues and the registrations of others.
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

    /// Parses the result of [`as_str`](Self::as_str).
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
