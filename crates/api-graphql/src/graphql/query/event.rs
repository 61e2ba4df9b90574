use convene_domain::id::EventId;
use juniper::ID;

use super::{node, paging::Paging};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{EventFilter, EventOrder},
    object::{Asked, Counted, Event, EventConnection},
};

/// An event.
pub(super) async fn one(context: &Context, id: &ID) -> Result<Option<Event>, FieldProblem> {
    let caller = context.caller()?;
    let id = node::check_id(EventId::parse(id))?;
    let found = context.use_cases().get_events.execute(caller, &[id]).await;
    Ok(context.found(found)?.pop().map(Event::from))
}

/// The organization's events.
pub(super) async fn list(
    context: &Context,
    paging: Paging,
    filter: Option<EventFilter>,
    order: Option<EventOrder>,
) -> Result<EventConnection, FieldProblem> {
    let caller = context.caller()?;
    let organization = caller.scope().organization();
    let order = order.map(Into::into).unwrap_or_default();
    let (page, filter) = paging.with_filter(context, organization, order, filter, EventFilter::check)?;
    let asked = Asked::from(&page);
    let counted = Counted::Events(filter.clone());
    let found = context.use_cases().list_events.execute(caller, filter, page).await;
    let found = context.found(found)?;
    Ok(EventConnection::new(organization, found, asked, counted))
}
