use std::{collections::HashMap, sync::Arc};

use convene_domain::{id::EventId, occurrence::OccurrenceKey, registration::Registration};

use crate::{
    caller::{Admin, Caller},
    failure::Outcome,
    page::{BoundedPage, Page, PageRequest},
    period,
    ports::{RegistrationFilter, RegistrationPosition, Registrations},
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
    ) -> Outcome<BoundedPage<Registration, RegistrationPosition>> {
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
    /// occurrence finds none.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `filter.to` unless it is after `filter.from`.
    pub async fn by_occurrence(
        &self,
        admin: Admin<'_>,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
    ) -> Outcome<HashMap<OccurrenceKey, Page<Registration>>> {
        period::check_filter(filter.from, filter.to)?;
        let passes = |key: &OccurrenceKey| filter.occurrence.is_none_or(|wanted| wanted == *key);
        let wanted: Vec<_> = occurrences.iter().copied().filter(passes).collect();
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(self.registrations.list_by_occurrence(admin.scope(), &wanted, filter, page).await?)
    }

    /// Returns a page of the registrations that pass the filter for each of these events. A filter for another event finds
    /// none.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `filter.to` unless it is after `filter.from`.
    pub async fn by_event(
        &self,
        admin: Admin<'_>,
        events: &[EventId],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
    ) -> Outcome<HashMap<EventId, Page<Registration>>> {
        period::check_filter(filter.from, filter.to)?;
        let passes = |id: &EventId| filter.event.is_none_or(|wanted| wanted == *id);
        let wanted: Vec<_> = events.iter().copied().filter(passes).collect();
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(self.registrations.list_by_event(admin.scope(), &wanted, filter, page).await?)
    }
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
    ) -> Outcome<BoundedPage<Registration, RegistrationPosition>> {
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
