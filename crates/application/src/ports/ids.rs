use uuid::Uuid;

/// Makes new ids.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Ids: Send + Sync {
    /// A UUID that nobody was given before and nobody can guess; later ones sort after earlier ones (RFC 9562,
    /// version 7).
    fn next(&self) -> Uuid;
}
