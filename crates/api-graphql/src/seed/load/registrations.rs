use convene_application::{
    caller::Caller,
    change::RequestMetadata,
    failure::{Failure, Fault},
    page::{PageRequest, PageSize},
    ports::RegistrationFilter,
    registration::{RegisterCommand, RegistrationTarget},
};
use convene_domain::occurrence::OccurrenceKey;

use super::{LoadError, Loader, People, events::LoadedEvent};
use crate::seed::{Count, plan::upcoming_occurrence};

impl Loader<'_> {
    /// Registers members who have no registration.
    ///
    /// Upcoming occurrences are counted from the creation of the event, so that every load selects the same ones.
    pub(super) async fn registrations(
        &self,
        events: &[LoadedEvent<'_>],
        people: &People,
    ) -> Result<Count, LoadError> {
        let mut count = Count::default();
        for loaded in events {
            let event = &loaded.event;
            for registration in &loaded.seed.registrations {
                let origin = upcoming_occurrence(&event.series, event.created_at, registration.occurrence);
                let occurrence = origin
                    .filter(|origin| origin.start > self.clock.now())
                    .map(|origin| OccurrenceKey { event: event.id, original_start: origin.start });
                for user in &registration.members {
                    let created = match occurrence {
                        Some(occurrence) => {
                            let caller = people.caller(user).map_err(self.failed(&loaded.seed.item))?;
                            self.register(caller, occurrence, loaded).await?
                        }
                        None => false,
                    };
                    count.add(created);
                }
            }
        }
        Ok(count)
    }

    /// Registers a member, unless they have a registration, possibly a cancelled one. True if it registered them.
    async fn register(
        &self,
        caller: &Caller,
        occurrence: OccurrenceKey,
        loaded: &LoadedEvent<'_>,
    ) -> Result<bool, LoadError> {
        if self.has_registration(caller, occurrence).await.map_err(self.failed(&loaded.seed.item))? {
            return Ok(false);
        }
        let target = RegistrationTarget::Occurrence(occurrence);
        let command = RegisterCommand { target, member: None, join_waitlist: false };
        match self.use_cases.register.execute(caller, command, RequestMetadata::default()).await {
            Ok(_) => Ok(true),
            // Members have used the event since it was created, so it may be full or cancelled.
            Err(Failure::Refused(_)) if !loaded.created => Ok(false),
            Err(failure) => {
                let item = format!("{}: registration of {}", loaded.seed.item, caller.user());
                Err(self.failed(&item)(failure))
            }
        }
    }

    async fn has_registration(&self, caller: &Caller, occurrence: OccurrenceKey) -> Result<bool, Failure> {
        let filter = RegistrationFilter { occurrence: Some(occurrence), ..RegistrationFilter::default() };
        let first = PageSize::new(1).map_err(Fault::internal)?;
        let list = &self.use_cases.list_own_registrations;
        let page = list.execute(caller, filter, PageRequest::first(first)).await?;
        Ok(!page.items.is_empty())
    }
}
