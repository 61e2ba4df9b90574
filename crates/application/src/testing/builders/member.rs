use convene_domain::{
    id::MemberId,
    member::{Member, Role},
    text::{DisplayName, Email, UserId},
};

use super::fresh_uuid;
use crate::testing::FixedClock;

/// Builds members, of the role `MEMBER` and without an e-mail address.
#[derive(Debug, Clone)]
pub struct MemberBuilder(Member);

impl MemberBuilder {
    /// A member with a new id, displayed by their user id.
    ///
    /// # Panics
    /// For what is no user id.
    #[must_use]
    pub fn new(user: &str) -> Self {
        Self(Member {
            id: MemberId::from_uuid(fresh_uuid()),
            user_id: UserId::parse(user).expect("a user id"),
            display_name: DisplayName::parse(user).expect("a member's name"),
            email: None,
            role: Role::Member,
            created_at: FixedClock::START,
            updated_at: FixedClock::START,
        })
    }

    /// Makes them an admin.
    #[must_use]
    pub fn admin(mut self) -> Self {
        self.0.role = Role::Admin;
        self
    }

    /// Gives them another name.
    ///
    /// # Panics
    /// For what is no member's name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.0.display_name = DisplayName::parse(name).expect("a member's name");
        self
    }

    /// Gives them an e-mail address.
    ///
    /// # Panics
    /// For what is no e-mail address.
    #[must_use]
    pub fn email(mut self, email: &str) -> Self {
        self.0.email = Some(Email::parse(email).expect("an e-mail address"));
        self
    }

    /// The member.
    #[must_use]
    pub fn build(self) -> Member {
        self.0
    }
}
