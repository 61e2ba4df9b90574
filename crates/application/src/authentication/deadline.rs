use std::time::Instant;

/// The time by which a call is answered. After that, nobody waits for its result.
///
/// The edge sets it once for each request; every wait and every call to the storage is limited by what remains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Deadline {
    end: Option<Instant>,
    since: Option<Instant>,
}

impl Deadline {
    /// The deadline of work that is not limited by a request, such as a command of the program.
    pub const NONE: Self = Self { end: None, since: None };

    /// The deadline at this time.
    #[must_use]
    pub const fn at(time: Instant) -> Self {
        Self { end: Some(time), since: None }
    }

    /// The time; `None` if there is no deadline.
    #[must_use]
    pub const fn time(self) -> Option<Instant> {
        self.end
    }

    /// The same deadline of a call that began at this time.
    #[must_use]
    pub const fn begun_at(self, time: Instant) -> Self {
        Self { since: Some(time), ..self }
    }

    /// The time at which the call began; `None` for work that no request asked for.
    #[must_use]
    pub const fn since(self) -> Option<Instant> {
        self.since
    }

    /// No deadline, for a call that began at the same time.
    pub(super) const fn removed(self) -> Self {
        Self { end: None, ..self }
    }
}
