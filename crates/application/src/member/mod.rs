//! Adding, changing, removing and reading members.

mod add;
mod get_many;
mod list;
mod remove;
mod update;

pub use add::{AddMember, AddMemberCommand};
pub use get_many::{GetMembers, IncludeRemoved};
pub use list::ListMembers;
pub use remove::RemoveMember;
pub use update::{UpdateMember, UpdateMemberCommand};
