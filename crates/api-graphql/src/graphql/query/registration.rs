use convene_application::{
    failure::Field,
    page::PageRequest,
    ports::{self, RegistrationPosition},
    registration::ListRegistrations,
};
use convene_domain::{id::RegistrationId, occurrence::OccurrenceKey};
use juniper::ID;

use super::{
    node,
    paging::{DEFAULT_PAGE_SIZE, Paging},
};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::RegistrationFilter,
    loaders::RegistrationList,
    object::{Asked, Registration, RegistrationConnection},
    problems::Problems,
};

/// Reads a registration: the caller's own, or any for an admin.
pub(super) async fn one(context: &Context, id: &ID) -> Result<Option<Registration>, FieldProblem> {
    let caller = context.caller()?;
    let id = node::check_id(RegistrationId::parse(id))?;
    let found = context.use_cases().get_registrations.execute(caller, &[id]).await;
    Ok(found.map_err(|failure| context.problem(failure))?.pop().map(Registration::from))
}

/// Lists the registrations of all members, for an admin.
pub(super) async fn all(
    context: &Context,
    paging: Paging,
    filter: Option<RegistrationFilter>,
) -> Result<RegistrationConnection, FieldProblem> {
    let admin = context.asking_admin()?;
    let (filter, page) = check(context, paging, filter)?;
    let asked = Asked::from(&page);
    let found = context.use_cases().list_registrations.execute(admin, filter, page).await;
    let found = found.map_err(|failure| context.problem(failure))?;
    Ok(RegistrationConnection::new(admin.scope().organization(), found, asked))
}

/// Lists the registrations for one occurrence, for an admin. A filter for another occurrence finds none.
pub(in crate::graphql) async fn of_occurrence(
    context: &Context,
    occurrence: OccurrenceKey,
    paging: Paging,
    filter: Option<RegistrationFilter>,
) -> Result<RegistrationConnection, FieldProblem> {
    let admin = context.asking_admin()?;
    let (filter, page) = check(context, paging, filter)?;
    ListRegistrations::check(&filter).map_err(|refusal| context.problem(refusal.into()))?;
    let asked = Asked::from(&page);
    let list = RegistrationList { occurrence, filter, page };
    let found = context.loaders()?.registration_list(list).await?;
    Ok(RegistrationConnection::new(admin.scope().organization(), found, asked))
}

/// Lists the caller's own registrations.
pub(in crate::graphql) async fn own(
    context: &Context,
    paging: Paging,
    filter: Option<RegistrationFilter>,
) -> Result<RegistrationConnection, FieldProblem> {
    let caller = context.caller()?;
    let (filter, page) = check(context, paging, filter)?;
    let asked = Asked::from(&page);
    let found = context.use_cases().list_own_registrations.execute(caller, filter, page).await;
    let found = found.map_err(|failure| context.problem(failure))?;
    Ok(RegistrationConnection::new(caller.scope().organization(), found, asked))
}

fn check(
    context: &Context,
    paging: Paging,
    filter: Option<RegistrationFilter>,
) -> Result<(ports::RegistrationFilter, PageRequest<RegistrationPosition>), FieldProblem> {
    let mut problems = Problems::default();
    let page = paging.check(&mut problems, context.caller()?, DEFAULT_PAGE_SIZE);
    let filter = problems.within(Field::Filter, |problems| match filter {
        None => Some(ports::RegistrationFilter::default()),
        Some(filter) => filter.check(problems),
    });
    problems.conclude(filter.zip(page)).map_err(|failure| context.problem(failure))
}
