/// Makes random numbers.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Random: Send + Sync {
    /// Makes a number that is uniformly distributed over its type.
    fn number(&self) -> i64;
}
