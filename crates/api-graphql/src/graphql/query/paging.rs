pub(super) use convene_application::limits::{DEFAULT_OCCURRENCES_PAGE_SIZE, DEFAULT_PAGE_SIZE};
use convene_application::{
    caller::Caller,
    failure::Field,
    page::{PageRequest, PageSize},
};

use crate::graphql::{
    cursor::{self, Position},
    problems::Problems,
};

/// The requested page, or `None` if a problem was noted.
pub(super) fn page<P: Position>(
    problems: &mut Problems,
    caller: &Caller,
    first: Option<i32>,
    after: Option<&str>,
    default: u8,
) -> Option<PageRequest<P>> {
    let first = problems.check(Field::First, PageSize::new(first.unwrap_or(default.into())));
    let organization = caller.scope().organization();
    let after = problems.check_optional(Field::After, after, |text| cursor::decode(organization, text));
    Some(PageRequest { first: first?, after: after? })
}
