//! Lookups of the subjects of log entries, of any types.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use convene_application::{
    caller::Caller,
    failure::Outcome,
    member::{IncludeRemoved, VisibleMember},
    occurrence::OccurrenceOfEvent,
    use_cases::UseCases,
};
use convene_domain::{
    activity::Subject, event::Event, issue::Issue, organization::Organization, registration::Registration,
};

use super::{Lookup, Source};
use crate::graphql::lists::of_type;

/// The object of a change, as the caller sees it now.
#[derive(Clone, Debug)]
pub(crate) enum SubjectObject {
    Organization(Box<Organization>),
    Member(Arc<VisibleMember>),
    Event(Arc<Event>),
    Occurrence(Arc<OccurrenceOfEvent>),
    Registration(Arc<Registration>),
    Issue(Arc<Issue>),
}

/// Finds objects with one call for each type; occurrences with their seats on request.
pub(crate) async fn find(
    use_cases: &UseCases,
    caller: &Caller,
    subjects: &[Subject],
    seats: bool,
) -> Outcome<HashMap<Subject, SubjectObject>> {
    let mut found: HashMap<Subject, SubjectObject> = HashMap::with_capacity(subjects.len());
    if subjects.contains(&Subject::Organization(caller.scope().organization())) {
        let organization = use_cases.get_organization.execute(caller).await?;
        let subject = Subject::Organization(organization.id);
        found.insert(subject, SubjectObject::Organization(Box::new(organization)));
    }
    let members = of_type(subjects, |it| if let Subject::Member(id) = it { Some(id) } else { None });
    if !members.is_empty() {
        let members = use_cases.get_members.execute(caller, &members, IncludeRemoved::No).await?;
        let object = |it: VisibleMember| (Subject::Member(it.id), SubjectObject::Member(Arc::new(it)));
        found.extend(members.into_iter().map(object));
    }
    let events = of_type(subjects, |it| if let Subject::Event(id) = it { Some(id) } else { None });
    if !events.is_empty() {
        let events = use_cases.get_events.execute(caller, &events).await?;
        found.extend(events.into_iter().map(|it| (Subject::Event(it.id), SubjectObject::Event(it))));
    }
    let occurrences =
        of_type(subjects, |it| if let Subject::Occurrence(key) = it { Some(key) } else { None });
    if !occurrences.is_empty() {
        // The requested key may be a former one, from before an edit of the series.
        let occurrences = use_cases.get_occurrences.execute(caller, &occurrences, seats).await?;
        let object = |(key, it)| (Subject::Occurrence(key), SubjectObject::Occurrence(Arc::new(it)));
        found.extend(occurrences.into_iter().map(object));
    }
    let registrations =
        of_type(subjects, |it| if let Subject::Registration(id) = it { Some(id) } else { None });
    if !registrations.is_empty() {
        let registrations = use_cases.get_registrations.execute(caller, &registrations).await?;
        let object =
            |it: Registration| (Subject::Registration(it.id), SubjectObject::Registration(Arc::new(it)));
        found.extend(registrations.into_iter().map(object));
    }
    let issues = of_type(subjects, |it| if let Subject::Issue(id) = it { Some(id) } else { None });
    if !issues.is_empty() {
        let issues = use_cases.get_issues.execute(caller, &issues).await?;
        let object = |it: Issue| (Subject::Issue(it.id), SubjectObject::Issue(Arc::new(it)));
        found.extend(issues.into_iter().map(object));
    }
    Ok(found)
}

pub(super) struct Subjects;

#[async_trait]
impl Lookup for Subjects {
    type Key = Subject;
    type Value = SubjectObject;

    async fn find(
        Source { use_cases, caller, look_ahead, .. }: &Source,
        keys: &[Subject],
    ) -> Outcome<HashMap<Subject, SubjectObject>> {
        find(use_cases, caller, keys, look_ahead.seats).await
    }
}
