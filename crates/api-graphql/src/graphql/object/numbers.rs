//! Counts in answers.

/// A count as GraphQL's `Int`, which ends at 2,147,483,647: far above anything that is counted here.
pub(crate) fn int(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
