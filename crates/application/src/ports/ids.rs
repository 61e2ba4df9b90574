use uuid::Uuid;

/// Makes new ids.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Ids: Send + Sync {
    /// Makes a UUID of version 7 (RFC 9562), which is unique and can't be guessed. Later ids sort after earlier ones.
    fn next(&self) -> Uuid;
}
