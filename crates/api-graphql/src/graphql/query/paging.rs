pub(super) use convene_application::limits::{DEFAULT_OCCURRENCES_PAGE_SIZE, DEFAULT_PAGE_SIZE};
use convene_application::{
    failure::Field,
    page::{Direction, PageRequest, PageSize},
};
use convene_domain::id::OrganizationId;

use crate::{
    cursor::{self, Position},
    graphql::{context::Context, errors::FieldProblem, problems::Problems},
};

/// The arguments of a connection that select a page.
#[derive(Clone, Debug)]
pub(in crate::graphql) struct Paging {
    pub(in crate::graphql) first: Option<i32>,
    pub(in crate::graphql) after: Option<String>,
    pub(in crate::graphql) last: Option<i32>,
    pub(in crate::graphql) before: Option<String>,
}

impl Paging {
    /// The requested page of a list, and its filter; without one, every item passes.
    ///
    /// # Errors
    /// All problems of both.
    pub(super) fn with_filter<P: Position, G, F: Default>(
        self,
        context: &Context,
        organization: OrganizationId,
        order: P::Order,
        filter: Option<G>,
        check: impl FnOnce(&G, &mut Problems) -> Option<F>,
    ) -> Result<(PageRequest<P>, F), FieldProblem> {
        let mut problems = Problems::default();
        let page = self.check(&mut problems, organization, DEFAULT_PAGE_SIZE, order);
        let filter = problems.within(Field::Filter, |problems| match filter {
            None => Some(F::default()),
            Some(filter) => check(&filter, problems),
        });
        context.found(problems.conclude(page.zip(filter)))
    }

    /// The requested page, or `None` if a problem was noted. The arguments of the two directions exclude each other: the Relay
    /// specification leaves their combinations to the server, and discourages them.
    pub(super) fn check<P: Position>(
        self,
        problems: &mut Problems,
        organization: OrganizationId,
        default: u8,
        order: P::Order,
    ) -> Option<PageRequest<P>> {
        let Self { first, after, last, before } = self;
        let mut exclude = |field, given: bool, other: Field, is_given: bool| {
            if given && is_given {
                problems.note(field, format_args!("must not be used together with {}", other.as_str()));
            }
        };
        exclude(Field::Last, last.is_some(), Field::First, first.is_some());
        exclude(Field::After, after.is_some(), Field::Last, last.is_some());
        exclude(Field::Before, before.is_some(), Field::First, first.is_some());
        exclude(Field::Before, before.is_some(), Field::After, after.is_some());
        let size = |problems: &mut Problems, field, size: Option<i32>| {
            problems.check(field, PageSize::new(size.unwrap_or(default.into())))
        };
        let is_backward = last.is_some() || before.is_some();
        let sizes = (size(problems, Field::First, first), size(problems, Field::Last, last));
        let position = |problems: &mut Problems, field, cursor: Option<&str>| {
            problems.check_optional(field, cursor, |text| cursor::decode(organization, order, text))
        };
        let after = position(problems, Field::After, after.as_deref());
        let before = position(problems, Field::Before, before.as_deref());
        let (first, last) = sizes;
        Some(if is_backward {
            PageRequest { size: last?, order, direction: Direction::Backward, from: before? }
        } else {
            PageRequest { size: first?, order, direction: Direction::Forward, from: after? }
        })
    }
}
