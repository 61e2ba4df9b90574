//! Lookups of the pages of nested lists.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_trait::async_trait;
use convene_application::{
    failure::Outcome,
    occurrence::{OccurrenceOfEvent, OccurrencePosition, OccurrenceQuery},
    page::{BoundedPage, Page, PageRequest},
    ports::{RegistrationFilter, RegistrationPosition},
};
use convene_domain::{id::EventId, occurrence::OccurrenceKey, registration::Registration};

use super::{Lookup, Source};

/// A page of a list of occurrences.
pub(crate) type OccurrencePage = BoundedPage<Arc<OccurrenceOfEvent>, OccurrencePosition>;

pub(super) struct OccurrenceLists;

#[async_trait]
impl Lookup for OccurrenceLists {
    type Key = OccurrenceQuery;
    type Value = OccurrencePage;

    async fn find(
        Source { use_cases, caller, .. }: &Source,
        keys: &[OccurrenceQuery],
    ) -> Outcome<HashMap<OccurrenceQuery, OccurrencePage>> {
        let pages = use_cases.list_occurrences.execute(caller, keys).await?;
        Ok(keys.iter().cloned().zip(pages.into_iter().map(|page| page.map(Arc::new))).collect())
    }
}

/// A list of the registrations for one occurrence or event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RegistrationList<P> {
    pub(crate) parent: P,
    pub(crate) filter: RegistrationFilter,
    pub(crate) page: PageRequest<RegistrationPosition>,
}

impl<P: Copy + Eq + Hash> RegistrationList<P> {
    /// The parents of the lists of one field, which have the same arguments and are read together.
    fn by_field(lists: &[Self]) -> HashMap<(&RegistrationFilter, PageRequest<RegistrationPosition>), Vec<P>> {
        let mut fields: HashMap<_, Vec<P>> = HashMap::new();
        for Self { parent, filter, page } in lists {
            fields.entry((filter, *page)).or_default().push(*parent);
        }
        fields
    }

    /// The lists of the pages of a field.
    fn found(
        filter: &RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
        pages: HashMap<P, Page<Registration>>,
    ) -> impl Iterator<Item = (Self, Page<Arc<Registration>>)> {
        let list = move |parent| Self { parent, filter: filter.clone(), page };
        pages.into_iter().map(move |(parent, page)| (list(parent), page.map(Arc::new)))
    }
}

pub(super) struct RegistrationsOfOccurrences;

#[async_trait]
impl Lookup for RegistrationsOfOccurrences {
    type Key = RegistrationList<OccurrenceKey>;
    type Value = Page<Arc<Registration>>;

    async fn find(
        Source { use_cases, caller, .. }: &Source,
        keys: &[Self::Key],
    ) -> Outcome<HashMap<Self::Key, Self::Value>> {
        let admin = caller.admin()?;
        let mut found = HashMap::new();
        for ((filter, page), occurrences) in RegistrationList::by_field(keys) {
            let use_case = &use_cases.list_registrations;
            let pages = use_case.by_occurrence(admin, &occurrences, filter.clone(), page).await?;
            found.extend(RegistrationList::found(filter, page, pages));
        }
        Ok(found)
    }
}

pub(super) struct RegistrationsOfEvents;

#[async_trait]
impl Lookup for RegistrationsOfEvents {
    type Key = RegistrationList<EventId>;
    type Value = Page<Arc<Registration>>;

    async fn find(
        Source { use_cases, caller, .. }: &Source,
        keys: &[Self::Key],
    ) -> Outcome<HashMap<Self::Key, Self::Value>> {
        let admin = caller.admin()?;
        let mut found = HashMap::new();
        for ((filter, page), events) in RegistrationList::by_field(keys) {
            let pages = use_cases.list_registrations.by_event(admin, &events, filter.clone(), page).await?;
            found.extend(RegistrationList::found(filter, page, pages));
        }
        Ok(found)
    }
}
