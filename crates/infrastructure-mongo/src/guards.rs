/// The guards of registrations against overbooking, double booking and free seats that waitlisted members could take. The
/// first two come before those of the validators.
///
/// All are always on. Negative controls turn one off, together with its validator if there is one, to show that the tests notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guards {
    /// A member's time is claimed only if it is free.
    pub(crate) agenda: bool,
    /// A seat is taken only if one is free.
    pub(crate) capacity: bool,
    /// Transactions that free a seat, or a member's time, write the waitlisted registrations that they pass over.
    pub(crate) freed_time: bool,
}

impl Guards {
    pub(crate) const ON: Self = Self { agenda: true, capacity: true, freed_time: true };
}

/// The guard that a book lacks, for negative controls: tests that must fail without it.
#[cfg(any(test, feature = "testing"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingGuard {
    /// Seats are entered into agendas even if they overlap other times.
    Agenda,
    /// Seats are taken even if none is free.
    Capacity,
    /// Both of these guards are missing.
    Both,
    /// Freed time does not conflict with freed seats.
    FreedTime,
}

#[cfg(any(test, feature = "testing"))]
impl MissingGuard {
    /// The remaining guards.
    pub(crate) fn rest(self) -> Guards {
        let is_missing = |guard| self == guard || (self == Self::Both && guard != Self::FreedTime);
        Guards {
            agenda: !is_missing(Self::Agenda),
            capacity: !is_missing(Self::Capacity),
            freed_time: !is_missing(Self::FreedTime),
        }
    }
}
