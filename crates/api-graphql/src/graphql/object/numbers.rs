//! Counts in responses.

/// A count as GraphQL's `Int`. Its maximum of 2,147,483,647 is far above every count here.
pub(crate) fn int(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
