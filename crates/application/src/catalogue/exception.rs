use std::{ops::Deref, sync::OnceLock};

use convene_domain::{
    occurrence::StoredOccurrence,
    text::{FoldedText, Location, Title},
};

/// An exception with its title as searches compare it. It is folded by the first search.
#[derive(Debug, Clone)]
pub struct CatalogueException {
    stored: StoredOccurrence,
    title: OnceLock<FoldedText>,
}

impl CatalogueException {
    /// The folded title, if the occurrence has one of its own.
    pub fn folded_title(&self) -> Option<&FoldedText> {
        let title = self.stored.exception.title.as_ref()?;
        Some(self.title.get_or_init(|| FoldedText::of(title.as_str())))
    }

    /// The approximate size in bytes, with the folded title and its places in a map and lists.
    pub(super) fn bytes(&self) -> usize {
        let text = |text: Option<&str>| text.map_or(0, str::len);
        let exception = &self.stored.exception;
        let title = text(exception.title.as_ref().map(Title::as_str));
        size_of::<Self>() + 80 + 2 * title + text(exception.location.as_ref().map(Location::as_str))
    }
}

impl From<StoredOccurrence> for CatalogueException {
    fn from(stored: StoredOccurrence) -> Self {
        Self { stored, title: OnceLock::new() }
    }
}

/// The folded title follows from the occurrence.
impl PartialEq for CatalogueException {
    fn eq(&self, other: &Self) -> bool {
        self.stored == other.stored
    }
}

impl Deref for CatalogueException {
    type Target = StoredOccurrence;

    fn deref(&self) -> &StoredOccurrence {
        &self.stored
    }
}
