use convene_application::{failure::Field, member::IncludeRemoved, ports::MemberFilter};
use convene_domain::{id::MemberId, text::SearchText};
use juniper::ID;

use super::{
    node,
    paging::{DEFAULT_PAGE_SIZE, Paging},
};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    object::{Asked, Counted, Member, MemberConnection, Role},
    problems::Problems,
};

/// An active member of the organization.
pub(super) async fn one(context: &Context, id: &ID) -> Result<Option<Member>, FieldProblem> {
    let caller = context.caller()?;
    let id = node::check_id(MemberId::parse(id))?;
    let found = context.use_cases().get_members.execute(caller, &[id], IncludeRemoved::No).await;
    Ok(context.found(found)?.pop().map(Member::from))
}

/// The active members of the organization.
pub(super) async fn list(
    context: &Context,
    paging: Paging,
    role: Option<Role>,
    search: Option<&str>,
) -> Result<MemberConnection, FieldProblem> {
    let caller = context.caller()?;
    let mut problems = Problems::default();
    let page = paging.check(&mut problems, caller.scope().organization(), DEFAULT_PAGE_SIZE, ());
    let search = problems.check_optional(Field::Search, search, SearchText::parse);
    let (page, search) = context.found(problems.conclude(page.zip(search)))?;
    let filter = MemberFilter { role: role.map(Into::into), search };
    let counted = Counted::Members(filter.clone());
    let asked = Asked::from(&page);
    let found = context.use_cases().list_members.execute(caller, filter, page).await;
    let found = context.found(found)?;
    Ok(MemberConnection::new(caller.scope().organization(), found, asked, counted))
}
