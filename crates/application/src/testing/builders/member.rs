use convene_domain::{
    id::MemberId,
    member::{Member, Role},
    text::{DisplayName, Email, UserId},
};

use super::fresh_uuid;
use crate::testing::FixedClock;

/// Builds members with the role `MEMBER` and without e-mail address.
#[derive(Debug, Clone)]
pub struct MemberBuilder(Member);

impl MemberBuilder {
    /// A member with a new id and the user id as display name.
    ///
    /// # Panics
    /// If the text is not a user id.
    #[must_use]
    pub fn new(user: &str) -> Self {
        Self(Member {
            id: MemberId::from_uuid(fresh_uuid()),
            user_id: UserId::parse(user).expect("a user id"),
            display_name: DisplayName::parse(user).expect("a member's name"),
            email: None,
            role: Role::Member,
            version: 1,
            created_at: FixedClock::START,
            updated_at: FixedClock::START,
        })
    }

    /// Sets the role `ADMIN`.
    #[must_use]
    pub fn admin(mut self) -> Self {
        self.0.role = Role::Admin;
        self
    }

    /// Sets the display name.
    ///
    /// # Panics
    /// If the text is not a display name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.0.display_name = DisplayName::parse(name).expect("a member's name");
        self
    }

    /// Sets the e-mail address.
    ///
    /// # Panics
    /// If the text is not an e-mail address.
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
