//! Use cases and rules of members.

mod add;
pub mod admins;
mod find_by_user_id;
mod get_many;
mod list;
pub mod log;
mod patch;
pub mod refusals;
mod remove;
mod update;
mod visible;

pub use add::{AddMember, AddMemberCommand};
pub use find_by_user_id::FindMemberByUserId;
pub use get_many::{GetMembers, IncludeRemoved};
pub use list::ListMembers;
pub use remove::RemoveMember;
pub use update::{UpdateMember, UpdateMemberCommand};
pub use visible::VisibleMember;
