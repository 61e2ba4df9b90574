use convene_domain::{member::Member, time::Instant};

use crate::ports::MemberPatch;

impl MemberPatch {
    /// The member after the patch, or `None` if the patch changes nothing.
    #[must_use]
    pub fn apply(&self, member: &Member, at: Instant) -> Option<Member> {
        let Self { display_name, email, role } = self;
        let patched = Member {
            display_name: display_name.clone().unwrap_or_else(|| member.display_name.clone()),
            email: email.clone().unwrap_or_else(|| member.email.clone()),
            role: role.unwrap_or(member.role),
            ..member.clone()
        };
        (patched != *member).then_some(Member { updated_at: at, ..patched })
    }
}
