use std::collections::HashMap;

use convene_domain::occurrence::{Occurrence, OccurrenceKey};

use super::find::Finder;
use crate::{caller::Caller, failure::Outcome};

/// Reads occurrences by their keys.
pub struct GetOccurrences {
    pub(crate) finder: Finder,
}

impl GetOccurrences {
    /// Those of these occurrences that exist in the caller's organization, by the key that was asked for: an
    /// occurrence that was known by another key before an edit of its series is found by both.
    ///
    /// # Errors
    /// Faults only.
    pub async fn execute(
        &self,
        caller: &Caller,
        keys: &[OccurrenceKey],
    ) -> Outcome<HashMap<OccurrenceKey, Occurrence>> {
        Ok(self.finder.find(caller.scope(), keys).await?)
    }
}
