//! Lookups of the pages of nested lists.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_trait::async_trait;
use convene_application::{
    failure::Outcome,
    occurrence::{OccurrenceOfEvent, OccurrencePosition, OccurrenceQuery},
    page::{BoundedPage, PageRequest},
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

/// The number of the registrations for one occurrence or event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RegistrationNumber<P> {
    pub(crate) parent: P,
    pub(crate) filter: RegistrationFilter,
}

/// The parents of the keys of each field, which have the same arguments and are read together.
fn by_field<K, P, A: Eq + Hash>(keys: &[K], split: impl Fn(&K) -> (P, A)) -> HashMap<A, Vec<P>> {
    let mut fields: HashMap<A, Vec<P>> = HashMap::new();
    for key in keys {
        let (parent, arguments) = split(key);
        fields.entry(arguments).or_default().push(parent);
    }
    fields
}

/// Defines the lookups of the lists of a parent, and of their numbers.
macro_rules! registrations_of {
    ($parent:ty: $lists:ident by $by:ident, $numbers:ident by $count_by:ident) => {
        pub(super) struct $lists;

        #[async_trait]
        impl Lookup for $lists {
            type Key = RegistrationList<$parent>;
            type Value = BoundedPage<Arc<Registration>, RegistrationPosition>;

            async fn find(
                Source { use_cases, caller, .. }: &Source,
                keys: &[Self::Key],
            ) -> Outcome<HashMap<Self::Key, Self::Value>> {
                let admin = caller.admin()?;
                let mut found = HashMap::new();
                let fields = by_field(keys, |list| (list.parent, (list.filter.clone(), list.page)));
                for ((filter, page), parents) in fields {
                    let use_case = &use_cases.list_registrations;
                    let pages = use_case.$by(admin, &parents, filter.clone(), page, keys.len()).await?;
                    let list = |parent| RegistrationList { parent, filter: filter.clone(), page };
                    found.extend(pages.into_iter().map(|(parent, page)| (list(parent), page.map(Arc::new))));
                }
                Ok(found)
            }
        }

        pub(super) struct $numbers;

        #[async_trait]
        impl Lookup for $numbers {
            type Key = RegistrationNumber<$parent>;
            type Value = Option<u32>;

            async fn find(
                Source { use_cases, caller, .. }: &Source,
                keys: &[Self::Key],
            ) -> Outcome<HashMap<Self::Key, Self::Value>> {
                let admin = caller.admin()?;
                let mut found = HashMap::new();
                for (filter, parents) in by_field(keys, |key| (key.parent, key.filter.clone())) {
                    let use_case = &use_cases.list_registrations;
                    let numbers = use_case.$count_by(admin, &parents, filter.clone(), keys.len()).await?;
                    let key = |parent| RegistrationNumber { parent, filter: filter.clone() };
                    found.extend(numbers.into_iter().map(|(parent, number)| (key(parent), number)));
                }
                Ok(found)
            }
        }
    };
}

registrations_of!(
    OccurrenceKey: RegistrationsOfOccurrences by by_occurrence,
    RegistrationNumbersOfOccurrences by count_by_occurrence
);
registrations_of!(
    EventId: RegistrationsOfEvents by by_event, RegistrationNumbersOfEvents by count_by_event
);
