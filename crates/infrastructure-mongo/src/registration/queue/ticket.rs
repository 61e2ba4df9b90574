use std::sync::atomic::{AtomicU8, Ordering};

/// The request waits or is being executed; none of it is durable.
const OPEN: u8 = 0;
/// The commit may have been sent.
const CLOSED: u8 = 1;
/// The caller has been told that nothing happened.
const ABANDONED: u8 = 2;

/// The progress of a request, shared by its caller and its batch.
///
/// Whichever side acts first decides: a caller that times out before the commit is told that nothing happened, and then
/// the batch must not commit; a caller that times out later is told that the outcome is unknown.
#[derive(Debug, Default)]
pub(in crate::registration) struct Ticket(AtomicU8);

impl Ticket {
    /// Announces the commit. Returns `false` if the caller has gone; the batch must not commit then.
    pub(in crate::registration) fn close(&self) -> bool {
        self.change(OPEN, CLOSED) || self.0.load(Ordering::Acquire) == CLOSED
    }

    /// Announces that the transaction is run again because the commit had no effect. Returns `false` if the caller has
    /// gone.
    pub(in crate::registration) fn reopen(&self) -> bool {
        self.change(CLOSED, OPEN) || self.0.load(Ordering::Acquire) == OPEN
    }

    /// Withdraws the request. Returns `true` if nothing has happened, nor will.
    pub(in crate::registration) fn abandon(&self) -> bool {
        self.change(OPEN, ABANDONED)
    }

    fn change(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_abandoned_before_the_commit_is_never_committed() {
        let ticket = Ticket::default();
        assert!(ticket.abandon());
        assert!(!ticket.close());
        assert!(!ticket.reopen());
    }

    #[test]
    fn a_request_cannot_be_abandoned_once_the_commit_may_have_been_sent() {
        let ticket = Ticket::default();
        assert!(ticket.close());
        assert!(!ticket.abandon());
    }

    #[test]
    fn a_request_can_be_abandoned_again_when_its_transaction_is_retried() {
        let ticket = Ticket::default();
        assert!(ticket.reopen());
        assert!(ticket.close());
        assert!(ticket.close());
        assert!(ticket.reopen());
        assert!(ticket.abandon());
    }
}
