//! The rest of a rate limit.

/// The rest of the rate limit of a caller or an organization, for the headers of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The name of the limit: `caller`, `organization` or `rejected`.
    pub limit: &'static str,
    /// The number of requests that may come at once.
    pub quota: u32,
    /// The seconds in which an allowance that was used up is whole again.
    pub window: u32,
    /// The number of requests that may come now.
    pub remaining: u32,
}

impl Allowance {
    /// The seconds until the allowance is whole again.
    #[must_use]
    pub fn reset(self) -> u32 {
        let used = u64::from(self.quota - self.remaining.min(self.quota)) * u64::from(self.window);
        u32::try_from(used.div_ceil(u64::from(self.quota.max(1)))).unwrap_or(self.window)
    }
}
