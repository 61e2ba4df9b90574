/// The outcome of an operation as operators see it, the least grave first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The operation was executed.
    Done,
    /// The client went away before the response.
    Abandoned,
    /// The request has a mistake, which its client can correct.
    Invalid,
    /// The rules do not allow it.
    Refused,
    /// The caller is not known, lacks the role, or has sent too many requests: 401, 403 and 429.
    Denied,
    /// The server did not do it, for a technical reason.
    Failed,
}

impl Outcome {
    /// The name in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Abandoned => "abandoned",
            Self::Invalid => "invalid",
            Self::Refused => "refused",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}
