use std::sync::atomic::{AtomicU8, Ordering};

/// The wish waits, or is being worked on: nothing of it is durable.
const OPEN: u8 = 0;
/// The commit may have been sent.
const CLOSED: u8 = 1;
/// The caller has gone, with the word that nothing happened.
const ABANDONED: u8 = 2;

/// What a caller and a batch both know about a wish.
///
/// Whoever goes first decides: a caller who runs out of time before the commit is told that nothing happened, and
/// then nothing may happen; after that, that nobody knows.
#[derive(Debug, Default)]
pub(in crate::registration) struct Ticket(AtomicU8);

impl Ticket {
    /// Says that the commit comes next. Tells `false` if the caller has gone, and then it must not come.
    pub(in crate::registration) fn close(&self) -> bool {
        self.go(OPEN, CLOSED) || self.0.load(Ordering::Acquire) == CLOSED
    }

    /// Says that the transaction starts again from the beginning: what was closed did not happen. Tells `false`
    /// if the caller has gone.
    pub(in crate::registration) fn reopen(&self) -> bool {
        self.go(CLOSED, OPEN) || self.0.load(Ordering::Acquire) == OPEN
    }

    /// Goes away. Tells whether nothing has happened, nor will.
    pub(in crate::registration) fn abandon(&self) -> bool {
        self.go(OPEN, ABANDONED)
    }

    fn go(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_before_the_commit_knows_that_nothing_happened() {
        let ticket = Ticket::default();
        assert!(ticket.abandon());
        assert!(!ticket.close());
        assert!(!ticket.reopen());
    }

    #[test]
    fn who_goes_after_the_commit_was_sent_knows_nothing() {
        let ticket = Ticket::default();
        assert!(ticket.close());
        assert!(!ticket.abandon());
    }

    #[test]
    fn a_transaction_that_starts_again_takes_the_commit_back() {
        let ticket = Ticket::default();
        assert!(ticket.reopen());
        assert!(ticket.close());
        assert!(ticket.close());
        assert!(ticket.reopen());
        assert!(ticket.abandon());
    }
}
