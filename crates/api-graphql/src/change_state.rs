//! Record of whether a request has begun a change.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

const NOT_BEGUN: u8 = 0;
const BEGUN: u8 = 1;
const PREVENTED: u8 = 2;

/// Records whether a request has begun a change, shared by its task and by the handler that waits for it.
///
/// A request that times out before it begins a change, or that is a dry run, has changed nothing and never will.
#[derive(Clone, Debug, Default)]
pub struct ChangeState(Arc<AtomicU8>);

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
        self.0.load(Ordering::Acquire) == BEGUN
    }

    /// Returns the previous state.
    fn replace_not_begun(&self, state: u8) -> u8 {
        let replaced = self.0.compare_exchange(NOT_BEGUN, state, Ordering::AcqRel, Ordering::Acquire);
        replaced.unwrap_or_else(|previous| previous)
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
