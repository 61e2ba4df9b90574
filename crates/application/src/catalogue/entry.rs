use std::{collections::BTreeMap, sync::Arc};

use convene_domain::{
    occurrence::StoredOccurrence,
    text::{Location, Title},
    time::Instant,
};

use super::CatalogueEvent;

/// An event of a replica, with its exceptions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entry {
    /// `None` while only exceptions are known.
    pub(super) event: Option<Arc<CatalogueEvent>>,
    /// By original start.
    pub(super) exceptions: BTreeMap<Instant, StoredOccurrence>,
}

impl Entry {
    /// The event.
    #[must_use]
    pub const fn event(&self) -> Option<&Arc<CatalogueEvent>> {
        self.event.as_ref()
    }

    /// The exceptions, by original start.
    pub fn exceptions(&self) -> impl Iterator<Item = &StoredOccurrence> {
        self.exceptions.values()
    }

    /// Tests whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        self.event.is_none() && self.exceptions.is_empty()
    }

    /// The approximate size in bytes.
    pub(super) fn bytes(&self) -> usize {
        /// The size of an exception without its texts, with its place in the map.
        const EXCEPTION: usize = size_of::<StoredOccurrence>() + 64;
        let text = |text: Option<&str>| text.map_or(0, str::len);
        let exceptions = self.exceptions.values().map(|stored| {
            let exception = &stored.exception;
            EXCEPTION
                + text(exception.title.as_ref().map(Title::as_str))
                + text(exception.location.as_ref().map(Location::as_str))
        });
        size_of::<Self>() + self.event.as_ref().map_or(0, |event| event.bytes()) + exceptions.sum::<usize>()
    }
}
