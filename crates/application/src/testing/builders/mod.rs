//! Builders of valid test data with useful defaults.

mod change;
mod event;
mod issue;
mod member;
mod organization;
mod request;

pub use change::ChangeBuilder;
pub use event::EventBuilder;
pub use issue::IssueBuilder;
pub use member::MemberBuilder;
pub use organization::OrganizationBuilder;
pub use request::{occurrence_key, register};

use uuid::Uuid;

use super::SequentialIds;
use crate::{
    page::{PageRequest, PageSize, SortKey},
    ports::Ids,
};

static FRESH: SequentialIds = SequentialIds::new();

/// A UUID that is unique in this process.
#[must_use]
pub fn fresh_uuid() -> Uuid {
    FRESH.next()
}

/// A request for the first `size` items of a list.
///
/// # Panics
/// If the size is outside 1 to 100.
#[must_use]
pub fn first<K: SortKey>(size: u8) -> PageRequest<K> {
    PageRequest::first(PageSize::new(size).expect("a page has 1 to 100 items"))
}

/// A request for the first `size` items after `position`.
///
/// # Panics
/// If the size is outside 1 to 100.
#[must_use]
pub fn first_after<K: SortKey>(size: u8, position: K) -> PageRequest<K> {
    PageRequest { from: Some(position), ..first(size) }
}
