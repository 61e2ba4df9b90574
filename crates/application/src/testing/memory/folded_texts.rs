use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use convene_domain::{
    text::{Description, FoldedText, Title},
    time::Instant,
};

/// The folded texts of objects by id and time of the last change, each computed once.
#[derive(Clone, Default)]
pub(super) struct FoldedTexts(Arc<Mutex<HashMap<State, Arc<FoldedText>>>>);

/// The id of an object, the time of its last change, and its title.
type State = (String, Instant, Title);

impl FoldedTexts {
    /// The folded text of an object's state.
    pub(super) fn of(
        &self,
        id: String,
        updated_at: Instant,
        title: &Title,
        description: &Description,
    ) -> Arc<FoldedText> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fold = || Arc::new(FoldedText::of_object(title, description));
        Arc::clone(known.entry((id, updated_at, title.clone())).or_insert_with(fold))
    }
}
