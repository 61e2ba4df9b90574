use convene_domain::{member::Member, time::Instant};

use crate::{failure::Refusal, ports::MemberPatch, version::check_version};

impl MemberPatch {
    /// The member after the patch, or `None` if the patch changes nothing.
    ///
    /// # Errors
    /// [`Refusal::VersionConflict`].
    pub fn apply(&self, member: &Member, at: Instant) -> Result<Option<Member>, Refusal> {
        let Self { expected_version, display_name, email, role } = self;
        check_version(*expected_version, member.version)?;
        let patched = Member {
            display_name: display_name.clone().unwrap_or_else(|| member.display_name.clone()),
            email: email.clone().unwrap_or_else(|| member.email.clone()),
            role: role.unwrap_or(member.role),
            ..member.clone()
        };
        let version = patched.version.saturating_add(1);
        Ok((patched != *member).then_some(Member { version, updated_at: at, ..patched }))
    }
}
