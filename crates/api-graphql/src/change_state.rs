//! Record of the changes of a request.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU8, Ordering},
};

const NOT_BEGUN: u8 = 0;
const BEGUN: u8 = 1;
const PREVENTED: u8 = 2;

/// Records whether a request has begun a change, and which ones were made. Its task shares it with the handler that waits for it.
///
/// A request that times out before it begins a change, or that is a dry run, has changed nothing and never will.
#[derive(Clone, Debug, Default)]
pub struct ChangeState(Arc<State>);

#[derive(Debug, Default)]
struct State {
    begun: AtomicU8,
    made: Mutex<Made>,
}

/// The changes of a request that were made for sure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The ids of the changed objects.
    pub ids: Vec<String>,
    /// True if the last change that the request began is one of them.
    pub is_complete: bool,
}

impl ChangeState {
    /// Begins a change. Returns false if changes are prevented.
    #[must_use]
    pub fn begin(&self) -> bool {
        self.replace_not_begun(BEGUN) != PREVENTED
    }

    /// Prevents changes from now on. Returns false if one has begun.
    #[must_use]
    pub fn prevent(&self) -> bool {
        self.replace_not_begun(PREVENTED) != BEGUN
    }

    /// Returns true if a change has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Acquire) == BEGUN
    }

    /// Notes that the next mutation of the request begins.
    pub fn begin_next(&self) {
        self.lock().is_complete = false;
    }

    /// Notes that the change of the current mutation was made, of the object with this id.
    pub fn note_made(&self, id: Option<String>) {
        let mut made = self.lock();
        made.ids.extend(id);
        made.is_complete = true;
    }

    /// The changes that were made so far.
    #[must_use]
    pub fn made(&self) -> Made {
        self.lock().clone()
    }

    /// Returns the previous state.
    fn replace_not_begun(&self, state: u8) -> u8 {
        let replaced = self.0.begun.compare_exchange(NOT_BEGUN, state, Ordering::AcqRel, Ordering::Acquire);
        replaced.unwrap_or_else(|previous| previous)
    }

    fn lock(&self) -> MutexGuard<'_, Made> {
        self.0.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_has_begun_is_not_prevented() {
        let state = ChangeState::default();
        assert!(state.begin() && state.begin());
        assert!(!state.prevent() && state.has_begun());
        assert!(state.begin(), "the other changes of the request follow");
    }

    #[test]
    fn a_prevented_change_does_not_begin() {
        let state = ChangeState::default();
        assert!(state.clone().prevent() && state.prevent());
        assert!(!state.begin() && !state.has_begun());
    }
}
