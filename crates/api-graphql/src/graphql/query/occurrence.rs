use convene_application::{
    failure::Field,
    occurrence::{OccurrenceQuery, window},
    page::PageRequest,
};
use convene_domain::{
    id::EventId,
    occurrence::OccurrenceKey,
    time::{Instant, interval::Interval},
};
use juniper::ID;

use super::{
    node,
    paging::{DEFAULT_OCCURRENCES_PAGE_SIZE, Paging},
};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{CheckedOccurrenceFilter, OccurrenceFilter},
    object::{Asked, Occurrence, OccurrenceConnection},
    problems::Problems,
    scalars::DateTime,
};

/// An occurrence by its id or a former id.
pub(super) async fn one(context: &Context, id: &ID) -> Result<Option<Occurrence>, FieldProblem> {
    let caller = context.caller()?;
    let key = node::check_id(OccurrenceKey::parse(id))?;
    let seats = context.look_ahead().seats;
    let found = context.use_cases().get_occurrences.execute(caller, &[key], seats).await;
    Ok(context.found(found)?.remove(&key).map(Occurrence::from))
}

/// The organization's occurrences in a window.
pub(super) async fn list(
    context: &Context,
    from: &DateTime,
    to: &DateTime,
    paging: Paging,
    filter: Option<OccurrenceFilter>,
) -> Result<OccurrenceConnection, FieldProblem> {
    let mut problems = Problems::default();
    let filter = problems.within(Field::Filter, |problems| match filter {
        None => Some(CheckedOccurrenceFilter::default()),
        Some(filter) => filter.check(problems),
    });
    let query = check(context, problems, filter, (from, to), paging)?;
    listed(context, query).await
}

/// An event's occurrences in a window.
pub(in crate::graphql) async fn of_event(
    context: &Context,
    event: EventId,
    include_cancelled: Option<bool>,
    (from, to): (&DateTime, &DateTime),
    paging: Paging,
) -> Result<OccurrenceConnection, FieldProblem> {
    let query = check_of_event(context, Some(event), include_cancelled, (from, to), paging)?;
    listed(context, query).await
}

/// The query for an event's occurrences. Whether its arguments are valid does not depend on the event.
pub(in crate::graphql) fn check_of_event(
    context: &Context,
    event: Option<EventId>,
    include_cancelled: Option<bool>,
    window: (&DateTime, &DateTime),
    paging: Paging,
) -> Result<OccurrenceQuery, FieldProblem> {
    let mut problems = Problems::default();
    let include_cancelled = problems.with_default(Field::IncludeCancelled, include_cancelled);
    let filter = include_cancelled.map(|include_cancelled| CheckedOccurrenceFilter {
        events: event.map(|event| vec![event]),
        include_cancelled,
        ..Default::default()
    });
    check(context, problems, filter, window, paging)
}

fn check(
    context: &Context,
    mut problems: Problems,
    filter: Option<CheckedOccurrenceFilter>,
    (from, to): (&DateTime, &DateTime),
    paging: Paging,
) -> Result<OccurrenceQuery, FieldProblem> {
    let organization = context.caller()?.scope().organization();
    let window = check_window(&mut problems, from, to);
    let page: Option<PageRequest<(Instant, OccurrenceKey)>> =
        paging.check(&mut problems, organization, DEFAULT_OCCURRENCES_PAGE_SIZE, ());
    let query = window.zip(page).zip(filter).map(|((window, page), filter)| OccurrenceQuery {
        window,
        events: filter.events,
        search: filter.search,
        include_cancelled: filter.include_cancelled,
        only_open: filter.only_open,
        seats: context.look_ahead().seats,
        page,
    });
    context.found(problems.conclude(query))
}

async fn listed(context: &Context, query: OccurrenceQuery) -> Result<OccurrenceConnection, FieldProblem> {
    let organization = context.caller()?.scope().organization();
    let asked = Asked::from(&query.page);
    let found = context.loaders()?.occurrence_list(query).await?;
    Ok(OccurrenceConnection::new(organization, found, asked))
}

fn check_window(problems: &mut Problems, from: &DateTime, to: &DateTime) -> Option<Interval> {
    let from = problems.check(Field::From, from.parse());
    let to = problems.check(Field::To, to.parse());
    window(from?, to?).map_err(|refusal| problems.note_all([refusal])).ok()
}
