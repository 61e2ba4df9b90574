//! Lookups of the pages of nested lists.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use convene_application::{
    failure::Outcome,
    occurrence::{OccurrenceOfEvent, OccurrencePosition, OccurrenceQuery},
    page::{BoundedPage, Page, PageRequest},
    ports::{RegistrationFilter, RegistrationPosition},
};
use convene_domain::{occurrence::OccurrenceKey, registration::Registration};

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

/// A list of the registrations for one occurrence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RegistrationList {
    pub(crate) occurrence: OccurrenceKey,
    pub(crate) filter: RegistrationFilter,
    pub(crate) page: PageRequest<RegistrationPosition>,
}

pub(super) struct RegistrationLists;

#[async_trait]
impl Lookup for RegistrationLists {
    type Key = RegistrationList;
    type Value = Page<Arc<Registration>>;

    /// Reads the lists of one field, which have the same arguments, together.
    async fn find(
        Source { use_cases, caller, .. }: &Source,
        keys: &[RegistrationList],
    ) -> Outcome<HashMap<RegistrationList, Page<Arc<Registration>>>> {
        let admin = caller.admin()?;
        let mut fields: HashMap<_, Vec<OccurrenceKey>> = HashMap::new();
        for RegistrationList { occurrence, filter, page } in keys {
            fields.entry((filter, page)).or_default().push(*occurrence);
        }
        let mut found = HashMap::new();
        for ((filter, page), occurrences) in fields {
            let use_case = &use_cases.list_registrations;
            let pages = use_case.by_occurrence(admin, &occurrences, filter.clone(), *page).await?;
            let list = |occurrence| RegistrationList { occurrence, filter: filter.clone(), page: *page };
            found.extend(pages.into_iter().map(|(key, page)| (list(key), page.map(Arc::new))));
        }
        Ok(found)
    }
}
