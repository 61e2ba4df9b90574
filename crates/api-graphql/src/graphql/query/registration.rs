use convene_application::{
    page::PageRequest,
    ports::{self, RegistrationPosition},
};
use convene_domain::{
    id::{EventId, RegistrationId},
    occurrence::OccurrenceKey,
};
use juniper::ID;

use super::{node, paging::Paging};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{RegistrationFilter, RegistrationOrder},
    loaders::{RegistrationList, RegistrationNumber},
    object::{Asked, Counted, Registration, RegistrationConnection},
};

/// Reads a registration: the caller's own, or any for an admin.
pub(super) async fn one(context: &Context, id: &ID) -> Result<Option<Registration>, FieldProblem> {
    let caller = context.caller()?;
    let id = node::check_id(RegistrationId::parse(id))?;
    let found = context.use_cases().get_registrations.execute(caller, &[id]).await;
    Ok(context.found(found)?.pop().map(Registration::from))
}

/// Lists the registrations of all members, for an admin.
pub(super) async fn all(
    context: &Context,
    paging: Paging,
    filter: Option<RegistrationFilter>,
    order: Option<RegistrationOrder>,
) -> Result<RegistrationConnection, FieldProblem> {
    context.asking_admin()?;
    let (filter, page) = check(context, paging, filter, order)?;
    listed(context, filter, page).await
}

async fn listed(
    context: &Context,
    filter: ports::RegistrationFilter,
    page: PageRequest<RegistrationPosition>,
) -> Result<RegistrationConnection, FieldProblem> {
    let admin = context.asking_admin()?;
    let (asked, counted) = (Asked::from(&page), Counted::Registrations(filter.clone()));
    let found = context.use_cases().list_registrations.execute(admin, filter, page).await;
    let found = Registration::listed(context, context.found(found)?).await?;
    Ok(RegistrationConnection::new(admin.scope().organization(), found, asked, counted))
}

/// Lists the registrations for one occurrence, for an admin. A filter for another occurrence finds none.
pub(in crate::graphql) async fn of_occurrence(
    context: &Context,
    occurrence: OccurrenceKey,
    paging: Paging,
    filter: Option<RegistrationFilter>,
) -> Result<RegistrationConnection, FieldProblem> {
    let admin = context.asking_admin()?;
    let (filter, page) = check(context, paging, filter, None)?;
    let asked = Asked::from(&page);
    let number = RegistrationNumber { parent: occurrence, filter: filter.clone() };
    let counted = Counted::RegistrationsOfOccurrence(number);
    let list = RegistrationList { parent: occurrence, filter, page };
    let found = context.loaders()?.registrations_of_occurrence(list).await?;
    Ok(RegistrationConnection::new(admin.scope().organization(), found, asked, counted))
}

/// Lists the registrations for one event, for an admin. A filter for another event finds none.
pub(in crate::graphql) async fn of_event(
    context: &Context,
    event: EventId,
    paging: Paging,
    filter: Option<RegistrationFilter>,
) -> Result<RegistrationConnection, FieldProblem> {
    let admin = context.asking_admin()?;
    let (filter, page) = check(context, paging, filter, None)?;
    let asked = Asked::from(&page);
    let counted = Counted::RegistrationsOfEvent(RegistrationNumber { parent: event, filter: filter.clone() });
    let list = RegistrationList { parent: event, filter, page };
    let found = context.loaders()?.registrations_of_event(list).await?;
    Ok(RegistrationConnection::new(admin.scope().organization(), found, asked, counted))
}

/// Lists the caller's own registrations.
pub(in crate::graphql) async fn own(
    context: &Context,
    paging: Paging,
    filter: Option<RegistrationFilter>,
    order: Option<RegistrationOrder>,
) -> Result<RegistrationConnection, FieldProblem> {
    let caller = context.caller()?;
    let (filter, page) = check(context, paging, filter, order)?;
    let (asked, counted) = (Asked::from(&page), Counted::OwnRegistrations(filter.clone()));
    let found = context.use_cases().list_own_registrations.execute(caller, filter, page).await;
    let found = Registration::listed(context, context.found(found)?).await?;
    Ok(RegistrationConnection::new(caller.scope().organization(), found, asked, counted))
}

/// The filter and the page that the arguments of a list ask for.
pub(in crate::graphql) fn check(
    context: &Context,
    paging: Paging,
    filter: Option<RegistrationFilter>,
    order: Option<RegistrationOrder>,
) -> Result<(ports::RegistrationFilter, PageRequest<RegistrationPosition>), FieldProblem> {
    let organization = context.caller()?.scope().organization();
    let order = order.map(Into::into).unwrap_or_default();
    let (page, filter) =
        paging.with_filter(context, organization, order, filter, RegistrationFilter::check)?;
    Ok((filter, page))
}
