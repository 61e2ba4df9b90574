/// The guards of this code against overbooking and double booking, which come before those of the validators.
///
/// Both are always on. Negative controls turn one off, together with its validator, to show that the tests notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guards {
    /// A member's time is claimed only if it is free.
    pub(crate) agenda: bool,
    /// A seat is taken only if one is free.
    pub(crate) capacity: bool,
}

impl Guards {
    pub(crate) const ON: Self = Self { agenda: true, capacity: true };
}
