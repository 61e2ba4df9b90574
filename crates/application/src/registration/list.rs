use std::{collections::HashMap, sync::Arc};

use convene_domain::{id::EventId, occurrence::OccurrenceKey};

use crate::{
    caller::{Admin, Caller},
    failure::Outcome,
    limits::examined_of_each,
    page::{BoundedPage, PageRequest},
    period,
    ports::{RegistrationFilter, RegistrationPage, RegistrationPosition, Registrations},
};

/// Lists the registrations of all members, for admins.
pub struct ListRegistrations {
    pub(crate) registrations: Arc<dyn Registrations>,
}

/// Lists the caller's own registrations.
pub struct ListOwnRegistrations {
    pub(crate) registrations: Arc<dyn Registrations>,
}

impl ListRegistrations {
    /// Returns the registrations that pass the filter, in the order of the page.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `filter.to` unless it is after `filter.from`.
    #[tracing::instrument(name = "registration.list", skip_all)]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
    ) -> Outcome<RegistrationPage> {
        period::check_filter(filter.from, filter.to)?;
        Ok(self.registrations.list(admin.scope(), filter, page).await?)
    }

    /// The number of registrations that pass the filter; `None` if there are too many to count.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count(&self, admin: Admin<'_>, filter: RegistrationFilter) -> Outcome<Option<u32>> {
        Ok(self.registrations.count(admin.scope(), filter).await?)
    }

    /// Returns a page of the registrations that pass the filter for each of these occurrences. A filter for another
    /// occurrence finds none. `lists` is the number of lists that are read at the same time.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `filter.to` unless it is after `filter.from`.
    pub async fn by_occurrence(
        &self,
        admin: Admin<'_>,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
        lists: usize,
    ) -> Outcome<HashMap<OccurrenceKey, RegistrationPage>> {
        period::check_filter(filter.from, filter.to)?;
        let wanted = wanted(occurrences, filter.occurrence);
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let examined = examined_of_each(lists);
        Ok(self.registrations.list_by_occurrence(admin.scope(), &wanted, filter, page, examined).await?)
    }

    /// The number of registrations that pass the filter for each of these occurrences; `None` if there are too many to count. A
    /// filter for another occurrence finds none. `lists` is the number of lists that are counted at the same time.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count_by_occurrence(
        &self,
        admin: Admin<'_>,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
        lists: usize,
    ) -> Outcome<HashMap<OccurrenceKey, Option<u32>>> {
        let wanted = wanted(occurrences, filter.occurrence);
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let examined = examined_of_each(lists);
        Ok(self.registrations.count_by_occurrence(admin.scope(), &wanted, filter, examined).await?)
    }

    /// Returns a page of the registrations that pass the filter for each of these events. A filter for another
    /// event finds none. `lists` is the number of lists that are read at the same time.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `filter.to` unless it is after `filter.from`.
    pub async fn by_event(
        &self,
        admin: Admin<'_>,
        events: &[EventId],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
        lists: usize,
    ) -> Outcome<HashMap<EventId, RegistrationPage>> {
        period::check_filter(filter.from, filter.to)?;
        let wanted = wanted(events, filter.event);
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let examined = examined_of_each(lists);
        Ok(self.registrations.list_by_event(admin.scope(), &wanted, filter, page, examined).await?)
    }

    /// The number of registrations that pass the filter for each of these events; `None` if there are too many to count. A
    /// filter for another event finds none. `lists` is the number of lists that are counted at the same time.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count_by_event(
        &self,
        admin: Admin<'_>,
        events: &[EventId],
        filter: RegistrationFilter,
        lists: usize,
    ) -> Outcome<HashMap<EventId, Option<u32>>> {
        let wanted = wanted(events, filter.event);
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let examined = examined_of_each(lists);
        Ok(self.registrations.count_by_event(admin.scope(), &wanted, filter, examined).await?)
    }
}

/// Those of the parents for which a filter asks.
fn wanted<K: Copy + PartialEq>(parents: &[K], filter: Option<K>) -> Vec<K> {
    parents.iter().copied().filter(|parent| filter.is_none_or(|wanted| wanted == *parent)).collect()
}

impl ListOwnRegistrations {
    /// Returns the caller's registrations that pass the filter, in the order of the page.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `filter.to` unless it is after `filter.from`.
    pub async fn execute(
        &self,
        caller: &Caller,
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
    ) -> Outcome<RegistrationPage> {
        period::check_filter(filter.from, filter.to)?;
        match own(caller, filter) {
            Some(filter) => Ok(self.registrations.list(caller.scope(), filter, page).await?),
            None => Ok(BoundedPage::default()),
        }
    }

    /// The number of the caller's registrations that pass the filter; `None` if there are too many to count.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count(&self, caller: &Caller, filter: RegistrationFilter) -> Outcome<Option<u32>> {
        match own(caller, filter) {
            Some(filter) => Ok(self.registrations.count(caller.scope(), filter).await?),
            None => Ok(Some(0)),
        }
    }
}

/// Limits the filter to the caller's own registrations; `None` if it is for another member.
fn own(caller: &Caller, filter: RegistrationFilter) -> Option<RegistrationFilter> {
    let is_own = filter.member.is_none_or(|member| member == caller.member());
    is_own.then(|| RegistrationFilter { member: Some(caller.member()), ..filter })
}

#[cfg(test)]
mod tests {
    use convene_domain::member::Role;
    use rstest::rstest;
    use time::Duration;

    use super::*;
    use crate::{
        fixtures::{self, ADA, BOB, NOW, fields, member_id, refusals},
        page::Page,
        ports::MockRegistrations,
    };

    fn listing() -> ListOwnRegistrations {
        let mut registrations = MockRegistrations::new();
        registrations.expect_list().withf(|_, filter, _| filter.member == Some(member_id(ADA))).returning(
            |_, _, _| Ok(Page { items: vec![fixtures::registration(1, ADA)], has_more: false }.into()),
        );
        ListOwnRegistrations { registrations: Arc::new(registrations) }
    }

    #[rstest]
    #[case::without_a_filter(None, 1)]
    #[case::own(Some(ADA), 1)]
    #[case::of_another(Some(BOB), 0)]
    #[tokio::test]
    async fn lists_only_the_callers_own(#[case] asked: Option<&str>, #[case] found: usize) {
        let filter = RegistrationFilter { member: asked.map(member_id), ..RegistrationFilter::default() };
        // An admin finds only their own here, too.
        let caller = fixtures::caller(ADA, Role::Admin);
        let list = listing().execute(&caller, filter, fixtures::page(10, None)).await.unwrap();
        assert_eq!(list.items.len(), found);
    }

    #[tokio::test]
    async fn refuses_a_period_that_ends_before_it_begins() {
        let (from, to) = (Some(NOW), Some(NOW - Duration::SECOND));
        let filter = RegistrationFilter { from, to, ..RegistrationFilter::default() };
        let caller = fixtures::caller(ADA, Role::Admin);
        let own = listing().execute(&caller, filter.clone(), fixtures::page(10, None)).await;
        assert_eq!(fields(&refusals(own)), ["filter.to"]);
        let list = ListRegistrations { registrations: Arc::new(MockRegistrations::new()) };
        let all = list.execute(caller.admin().unwrap(), filter, fixtures::page(10, None)).await;
        assert_eq!(fields(&refusals(all)), ["filter.to"]);
    }
}
