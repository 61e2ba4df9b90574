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
    /// it as well.
    ///
    /// # Errors
    /// Faults only.
    pub async fn execute(
        &self,
        caller: &Caller,
        keys: &[OccurrenceKey],
    ) -> Outcome<HashMap<OccurrenceKey, OccurrenceOfEvent>> {
        Ok(self.finder.find(caller.scope(), keys).await?)
    }
}
