//! Objects by their global ids.

use std::{collections::HashMap, fmt};

use convene_application::{
    caller::Caller,
    failure::{Field, Outcome, Refusal},
    limits,
};
use convene_domain::{activity::Subject, id::ActivityId};
use juniper::ID;

use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    lists::{self, of_type},
    loaders,
    object::{Activity, NodeValue},
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
    let mut found = context.found(find(context, caller, &[id]).await)?;
    Ok(found.remove(&id))
}

/// Many objects by their ids, in the same order. The result for a malformed id is null, as for an unknown one: one wrong id does
/// not cost the client the other objects.
pub(super) async fn many(context: &Context, ids: &[ID]) -> Result<Vec<Option<NodeValue>>, FieldProblem> {
    let caller = context.caller()?;
    let mut problems = Problems::default();
    let checked = problems.check_shape(None, &Ids { ids });
    context.found(problems.conclude(checked))?;
    let asked: Vec<Option<NodeId>> = ids.iter().map(|id| NodeId::parse(id).ok()).collect();
    let known: Vec<NodeId> = asked.iter().copied().flatten().collect();
    let found = context.found(find(context, caller, &known).await)?;
    // The same id may occur twice.
    Ok(asked.into_iter().map(|id| found.get(&id?).cloned()).collect())
}

/// The id of an object of any type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum NodeId {
    Subject(Subject),
    Activity(ActivityId),
}

impl NodeId {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let subject = Subject::parse(text).map(Self::Subject);
        subject.or_else(|| ActivityId::parse(text).ok().map(Self::Activity)).ok_or("is not a valid id")
    }
}

/// Finds the objects with one call for each type.
async fn find(context: &Context, caller: &Caller, ids: &[NodeId]) -> Outcome<HashMap<NodeId, NodeValue>> {
    let use_cases = context.use_cases();
    let subjects = of_type(ids, |id| if let NodeId::Subject(subject) = id { Some(subject) } else { None });
    let objects = loaders::find(use_cases, caller, &subjects, context.look_ahead().seats).await?;
    let mut found: HashMap<NodeId, NodeValue> =
        objects.into_iter().map(|(subject, object)| (NodeId::Subject(subject), object.into())).collect();
    let entries = of_type(ids, |id| if let NodeId::Activity(id) = id { Some(id) } else { None });
    // The log does not exist for callers who are not admins.
    if let (false, Ok(admin)) = (entries.is_empty(), caller.admin()) {
        let entries = use_cases.get_activities.execute(admin, &entries).await?;
        found.extend(entries.into_iter().map(|it| (NodeId::Activity(it.id), Activity::from(it).into())));
    }
    Ok(found)
}
