use convene_application::{
    caller::Caller,
    failure::Field,
    page::{PageRequest, PageSize},
};

use crate::graphql::{
    cursor::{self, Position},
    problems::Problems,
};

/// The default page size.
pub(super) const DEFAULT_FIRST: i32 = 20;

/// The default page size of occurrences, which are small and usually read by the week.
pub(super) const DEFAULT_OCCURRENCES: i32 = 50;

/// The requested page, or `None` if a problem was noted.
pub(super) fn page<P: Position>(
    problems: &mut Problems,
    caller: &Caller,
    first: Option<i32>,
    after: Option<&str>,
    default: i32,
) -> Option<PageRequest<P>> {
    let first = problems.check(Field::First, PageSize::new(first.unwrap_or(default)));
    let organization = caller.scope().organization();
    let after = problems.check_optional(Field::After, after, |text| cursor::decode(organization, text));
    Some(PageRequest { first: first?, after: after? })
}
