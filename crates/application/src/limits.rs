//! The limits of requests, each with its reason.

/// The items of one list in a filter. It is far above the number of statuses or of events that a view shows.
pub const FILTER_VALUES: usize = 100;

/// The ids of one look-up of many things, as many as a page has items.
pub const IDS: usize = 100;
