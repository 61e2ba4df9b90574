/// What this code itself does against overbooking and double booking, before the validators would.
///
/// Both are always on. Tests take one out, together with the validator behind it, to show that they would notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guards {
    /// A member's time is taken only if it is free.
    pub(crate) agenda: bool,
    /// A seat is taken only if one is free.
    pub(crate) capacity: bool,
}

impl Guards {
    /// Both.
    pub(crate) const ON: Self = Self { agenda: true, capacity: true };
}
