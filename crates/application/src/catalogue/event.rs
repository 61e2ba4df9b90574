use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use convene_domain::{
    event::{EarlierSchedule, Event},
    text::FoldedText,
};

/// An event with its texts as searches compare them. They are folded by the first search.
#[derive(Debug, Clone)]
pub struct CatalogueEvent {
    pub event: Arc<Event>,
    titles: OnceLock<Vec<FoldedText>>,
    description: OnceLock<FoldedText>,
}

impl CatalogueEvent {
    /// The folded titles of its [schedules](Event::schedules), in their order.
    pub fn folded_titles(&self) -> &[FoldedText] {
        self.titles.get_or_init(|| {
            let titles = self.event.earlier.iter().map(|earlier| &earlier.title);
            titles.chain([&self.event.title]).map(|title| FoldedText::of(title.as_str())).collect()
        })
    }

    /// The folded description.
    pub fn folded_description(&self) -> &FoldedText {
        self.description.get_or_init(|| FoldedText::of(self.event.description.as_str()))
    }

    /// The approximate size in bytes, with the folded texts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        /// The bytes that the allocator needs for a dozen allocations.
        const ALLOCATIONS: usize = 200;
        let Event { title, description, location, series, earlier, .. } = self.event.as_ref();
        let texts = 2 * (title.as_str().len() + description.as_str().len()) + location.as_str().len();
        let earlier = earlier.iter().map(|EarlierSchedule { series, title, location, .. }| {
            let texts = 2 * title.as_str().len() + location.as_str().len() + size_of::<FoldedText>();
            size_of::<EarlierSchedule>() + series.bytes() + texts + ALLOCATIONS
        });
        let own = size_of::<Self>() + size_of::<Event>() + series.bytes() + texts + ALLOCATIONS;
        own + earlier.sum::<usize>()
    }
}

impl From<Event> for CatalogueEvent {
    fn from(event: Event) -> Self {
        Self { event: Arc::new(event), titles: OnceLock::new(), description: OnceLock::new() }
    }
}

/// The folded texts follow from the event.
impl PartialEq for CatalogueEvent {
    fn eq(&self, other: &Self) -> bool {
        self.event == other.event
    }
}

impl Deref for CatalogueEvent {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}
