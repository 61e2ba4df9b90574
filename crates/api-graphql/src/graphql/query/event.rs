use convene_application::{failure::Field, ports};
use convene_domain::id::EventId;
use juniper::ID;

use super::{
    node,
    paging::{DEFAULT_PAGE_SIZE, Paging},
};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{EventFilter, EventOrder},
    object::{Asked, Counted, Event, EventConnection},
    problems::Problems,
};

/// An event.
pub(super) async fn one(context: &Context, id: &ID) -> Result<Option<Event>, FieldProblem> {
    let caller = context.caller()?;
    let id = node::check_id(EventId::parse(id))?;
    let found = context.use_cases().get_events.execute(caller, &[id]).await;
    Ok(found.map_err(|failure| context.problem(failure))?.pop().map(Event::from))
}

/// The organization's events.
pub(super) async fn list(
    context: &Context,
    paging: Paging,
    filter: Option<EventFilter>,
    order: Option<EventOrder>,
) -> Result<EventConnection, FieldProblem> {
    let caller = context.caller()?;
    let mut problems = Problems::default();
    let page = paging.check(
        &mut problems,
        caller.scope().organization(),
        DEFAULT_PAGE_SIZE,
        order.map(Into::into).unwrap_or_default(),
    );
    let filter = problems.within(Field::Filter, |problems| match filter {
        None => Some(ports::EventFilter::default()),
        Some(filter) => filter.check(problems),
    });
    let (page, filter) = problems.conclude(page.zip(filter)).map_err(|failure| context.problem(failure))?;
    let asked = Asked::from(&page);
    let counted = Counted::Events(filter.clone());
    let found = context.use_cases().list_events.execute(caller, filter, page).await;
    let found = found.map_err(|failure| context.problem(failure))?;
    Ok(EventConnection::new(caller.scope().organization(), found, asked, counted))
}
