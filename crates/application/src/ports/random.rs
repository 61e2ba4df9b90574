/// Makes random numbers.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Random: Send + Sync {
    /// A number that is equally likely to be any number of its type.
    fn number(&self) -> i64;
}
