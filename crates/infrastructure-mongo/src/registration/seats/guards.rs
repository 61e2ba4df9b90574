/// The guards of this code against overbooking, double booking and free seats that waitlisted members could take. The
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
