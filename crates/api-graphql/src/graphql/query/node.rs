//! Objects by their global ids.

use std::{collections::HashMap, fmt};

use convene_application::{
    caller::Caller,
    failure::{Field, Outcome, Refusal},
    limits,
    member::IncludeRemoved,
};
use convene_domain::{
    activity::Subject,
    id::{ActivityId, EventId, IssueId, MemberId, OrganizationId, RegistrationId},
    occurrence::OccurrenceKey,
};
use juniper::ID;

use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    lists,
    object::{Activity, Event, Issue, Member, NodeValue, Occurrence, Organization, Registration},
    problems::Problems,
};

#[derive(garde::Validate)]
struct Ids<'a> {
    #[garde(adapt(lists), length(max = limits::IDS))]
    ids: &'a [ID],
}

/// A well-formed `id` argument.
///
/// # Errors
/// The id is malformed.
pub(super) fn check_id<T>(parsed: Result<T, impl fmt::Display>) -> Result<T, FieldProblem> {
    parsed.map_err(|problem| Refusal::invalid(Field::Id, problem).into())
}

/// An object by its id.
pub(super) async fn one(context: &Context, id: &ID) -> Result<Option<NodeValue>, FieldProblem> {
    let caller = context.caller()?;
    let id = check_id(NodeId::parse(id))?;
    let mut found = find(context, caller, &[id]).await.map_err(|failure| context.problem(failure))?;
    Ok(found.remove(&id))
}

/// Many objects by their ids, in the same order. The result for a malformed id is null, as for an unknown one: one wrong id does
/// not cost the client the other objects.
pub(super) async fn many(context: &Context, ids: &[ID]) -> Result<Vec<Option<NodeValue>>, FieldProblem> {
    let caller = context.caller()?;
    let mut problems = Problems::default();
    let checked = problems.check_shape(None, &Ids { ids });
    problems.conclude(checked).map_err(|failure| context.problem(failure))?;
    let asked: Vec<Option<NodeId>> = ids.iter().map(|id| NodeId::parse(id).ok()).collect();
    let known: Vec<NodeId> = asked.iter().copied().flatten().collect();
    let found = find(context, caller, &known).await.map_err(|failure| context.problem(failure))?;
    // The same id may occur twice.
    Ok(asked.into_iter().map(|id| found.get(&id?).cloned()).collect())
}

/// The id of an object of any type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum NodeId {
    Organization(OrganizationId),
    Member(MemberId),
    Event(EventId),
    Occurrence(OccurrenceKey),
    Registration(RegistrationId),
    Issue(IssueId),
    Activity(ActivityId),
}

impl NodeId {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let subject = Subject::parse(text).map(|subject| match subject {
            Subject::Organization(id) => Self::Organization(id),
            Subject::Member(id) => Self::Member(id),
            Subject::Event(id) => Self::Event(id),
            Subject::Occurrence(key) => Self::Occurrence(key),
            Subject::Registration(id) => Self::Registration(id),
            Subject::Issue(id) => Self::Issue(id),
        });
        subject.or_else(|| ActivityId::parse(text).ok().map(Self::Activity)).ok_or("is not a valid id")
    }
}

/// Finds the objects with one call for each type.
async fn find(context: &Context, caller: &Caller, ids: &[NodeId]) -> Outcome<HashMap<NodeId, NodeValue>> {
    let use_cases = context.use_cases();
    let mut found: HashMap<NodeId, NodeValue> = HashMap::with_capacity(ids.len());

    if ids.contains(&NodeId::Organization(caller.scope().organization())) {
        let organization = use_cases.get_organization.execute(caller).await?;
        found.insert(NodeId::Organization(organization.id), Organization::from(organization).into());
    }
    let members = of_type(ids, |id| if let NodeId::Member(id) = id { Some(id) } else { None });
    if !members.is_empty() {
        let members = use_cases.get_members.execute(caller, &members, IncludeRemoved::No).await?;
        found.extend(members.into_iter().map(|it| (NodeId::Member(it.id), Member::from(it).into())));
    }
    let events = of_type(ids, |id| if let NodeId::Event(id) = id { Some(id) } else { None });
    if !events.is_empty() {
        let events = use_cases.get_events.execute(caller, &events).await?;
        found.extend(events.into_iter().map(|it| (NodeId::Event(it.id), Event::from(it).into())));
    }
    let occurrences = of_type(ids, |id| if let NodeId::Occurrence(key) = id { Some(key) } else { None });
    if !occurrences.is_empty() {
        let occurrences =
            use_cases.get_occurrences.execute(caller, &occurrences, context.look_ahead().seats).await?;
        // The requested key may be a former one, from before an edit of the series.
        found.extend(
            occurrences.into_iter().map(|(key, it)| (NodeId::Occurrence(key), Occurrence::from(it).into())),
        );
    }
    let registrations = of_type(ids, |id| if let NodeId::Registration(id) = id { Some(id) } else { None });
    if !registrations.is_empty() {
        let registrations = use_cases.get_registrations.execute(caller, &registrations).await?;
        found.extend(
            registrations.into_iter().map(|it| (NodeId::Registration(it.id), Registration::from(it).into())),
        );
    }
    let issues = of_type(ids, |id| if let NodeId::Issue(id) = id { Some(id) } else { None });
    if !issues.is_empty() {
        let issues = use_cases.get_issues.execute(caller, &issues).await?;
        found.extend(issues.into_iter().map(|it| (NodeId::Issue(it.id), Issue::from(it).into())));
    }
    let entries = of_type(ids, |id| if let NodeId::Activity(id) = id { Some(id) } else { None });
    // The log does not exist for callers who are not admins.
    if let (false, Ok(admin)) = (entries.is_empty(), caller.admin()) {
        let entries = use_cases.get_activities.execute(admin, &entries).await?;
        found.extend(entries.into_iter().map(|it| (NodeId::Activity(it.id), Activity::from(it).into())));
    }
    Ok(found)
}

fn of_type<T>(ids: &[NodeId], only: impl Fn(NodeId) -> Option<T>) -> Vec<T> {
    ids.iter().copied().filter_map(only).collect()
}
