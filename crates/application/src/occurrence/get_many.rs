use std::collections::HashMap;

use convene_domain::occurrence::OccurrenceKey;

use super::{OccurrenceOfEvent, find::Finder};
use crate::{caller::Caller, failure::Outcome};

/// Reads occurrences by their keys.
pub struct GetOccurrences {
    pub(crate) finder: Finder,
}

impl GetOccurrences {
    /// The occurrences of the caller's organization with these keys, by requested key. A former key of an occurrence finds
    /// it as well. Without `seats`, the numbers of taken seats and of waitlisted registrations may be zero, which needs no access
    /// to the storage for occurrences that the replica knows.
    ///
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "occurrence.get_many", skip_all)]
    pub async fn execute(
        &self,
        caller: &Caller,
        keys: &[OccurrenceKey],
        seats: bool,
    ) -> Outcome<HashMap<OccurrenceKey, OccurrenceOfEvent>> {
        Ok(self.finder.find(caller.scope(), keys, seats).await?)
    }
}
