use std::time::Instant;

/// The time by which a call is answered. After that, nobody waits for its result.
///
/// The edge sets it once for each request; every wait and every call to the storage is limited by what remains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// The deadline of work that is not limited by a request, such as a command of the program.
    pub const NONE: Self = Self(None);

    /// The deadline at this time.
    #[must_use]
    pub const fn at(time: Instant) -> Self {
        Self(Some(time))
    }

    /// The time; `None` if there is no deadline.
    #[must_use]
    pub const fn time(self) -> Option<Instant> {
        self.0
    }
}
