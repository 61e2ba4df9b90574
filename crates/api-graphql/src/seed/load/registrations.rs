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
use crate::seed::{Count, plan::occurrence_to_come};

impl Loader<'_> {
    /// Registers who is not on record.
    ///
    /// "To come" is counted from when the event was created, so that every load means the same occurrences.
    pub(super) async fn registrations(
        &self,
        events: &[LoadedEvent<'_>],
        people: &People,
    ) -> Result<Count, LoadError> {
        let mut count = Count::default();
        for loaded in events {
            let event = &loaded.event;
            for registration in &loaded.seed.registrations {
                let origin = occurrence_to_come(&event.series, event.created_at, registration.occurrence);
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

    /// Registers a member, unless a registration of theirs is on record, be it a cancelled one. Says whether it did.
    async fn register(
        &self,
        caller: &Caller,
        occurrence: OccurrenceKey,
        loaded: &LoadedEvent<'_>,
    ) -> Result<bool, LoadError> {
        if self.is_on_record(caller, occurrence).await.map_err(self.failed(&loaded.seed.item))? {
            return Ok(false);
        }
        let target = RegistrationTarget::Occurrence(occurrence);
        let command = RegisterCommand { target, member: None, join_waitlist: false };
        match self.use_cases.register.execute(caller, command, RequestMetadata::default()).await {
            Ok(_) => Ok(true),
            // People have been using the event since; what they did with it comes first.
            Err(Failure::Refused(_)) if !loaded.created => Ok(false),
            Err(failure) => {
                let item = format!("{}: registration of {}", loaded.seed.item, caller.user());
                Err(self.failed(&item)(failure))
            }
        }
    }

    async fn is_on_record(&self, caller: &Caller, occurrence: OccurrenceKey) -> Result<bool, Failure> {
        let filter = RegistrationFilter { occurrence: Some(occurrence), ..RegistrationFilter::default() };
        let first = PageSize::new(1).map_err(Fault::internal)?;
        let list = &self.use_cases.list_own_registrations;
        let page = list.execute(caller, filter, PageRequest { first, after: None }).await?;
        Ok(!page.items.is_empty())
    }
}
