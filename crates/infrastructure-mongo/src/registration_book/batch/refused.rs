//! How the domain's refusals are told.

use convene_application::failure::Refusal;
use convene_domain::registration::RegistrationRefusal;

use crate::documents::occurrence::OccurrenceDocument;

/// The refusal, which tells an event that was called off from an occurrence that was.
pub(super) fn told(refusal: RegistrationRefusal, occurrence: &OccurrenceDocument) -> Refusal {
    match refusal {
        RegistrationRefusal::OccurrenceCancelled if occurrence.is_cancelled_with_event() => {
            Refusal::EventCancelled
        }
        refusal => refusal.into(),
    }
}
