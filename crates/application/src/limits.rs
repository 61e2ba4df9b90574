//! The limits of changes and queries, each with its reason.

use std::{fmt, time::Duration};

use convene_domain::event::Event;

use crate::page::PageSize;

/// Items of a page at most.
const PAGE_ITEMS: usize = PageSize::MAX as usize;

/// Registrations of one member that are confirmed and have not ended. Adapters may keep them in one document.
pub const UPCOMING_REGISTRATIONS: usize = 1_000;

/// Waitlists of occurrences that have not begun on which one member can be. All of them are read when the member's time
/// becomes free.
pub const WAITLISTED_REGISTRATIONS: usize = 200;

/// Waitlisted registrations of one occurrence. A transaction that frees a seat reads all of them if their members are busy.
pub const WAITLIST_LENGTH: usize = 5_000;

/// Confirmed and waitlisted registrations that may follow their occurrences in one edit. They are changed by one
/// transaction, because an edit that is refused must not have changed any of them.
pub const EDITED_REGISTRATIONS: u32 = 10_000;

/// Waitlisted registrations of the members whose time one edit frees, between the first and the last freed time. One transaction
/// reads all of them, for the same reason, and writes those at a freed time.
pub const EXAMINED_WAITLISTS: usize = 50_000;

/// Occurrences of an event that organizers have changed, and whose original starts are ahead: each day of 13 years, or each hour
/// of seven months. An edit of the event reads all of them.
pub const EXCEPTIONS: u64 = 5_000;

/// Occurrences of an event that are stored only for their versions, although they follow their rule. Versions of further ones begin
/// again.
pub const KEPT_VERSIONS: usize = 5_000;

/// Stored occurrences of an event that have not begun, from which on a registration materializes no further one: each hour of a
/// year. An edit of the event changes all of them in one transaction.
pub const STORED_OCCURRENCES: u64 = 10_000;

/// Stored results of changes that follow the stored occurrences of an edit, and as many that follow its derived ones: the newest. It
/// rewrites all of them in its transaction.
pub const FOLLOWED_RESULTS: usize = 5_000;

/// Former ids of an occurrence. The latest ones are kept: each move of a series rewrites them.
pub const FORMER_IDS: usize = 100;

/// Cancelled registrations of a member for one occurrence: enough to show the latest changes. The activity log has all.
pub const CANCELLED_REGISTRATIONS: usize = 10;

/// Registrations that a refusal lists, as many as a page has items.
pub const LISTED_REGISTRATIONS: usize = PAGE_ITEMS;

/// Registrations that a cancellation took, of which the restoration of an event lists those of present members. Reading them
/// takes the database a few milliseconds.
pub const EXAMINED_REGISTRATIONS: usize = 1_000;

/// Dropped exceptions that the result of an edit lists, as many as a page has items. The activity log has all.
pub const DROPPED_EXCEPTIONS: usize = PAGE_ITEMS;

/// Items of a page if the caller does not ask for a number: a screen of a list.
pub const DEFAULT_PAGE_SIZE: u8 = 20;

/// The default page size of occurrences, which are small and usually read by the week.
pub const DEFAULT_OCCURRENCES_PAGE_SIZE: u8 = 50;

/// Items of one list in a filter. It is far above the number of statuses, or of events that a view shows.
pub const FILTER_VALUES: usize = 100;

/// Ids of one lookup, as many as a page has items.
pub const IDS: usize = PAGE_ITEMS;

/// Events or issues that one search examines. Reading their sizes takes the database a few milliseconds.
pub const SEARCHED_OBJECTS: usize = 5_000;

/// Objects of a list that one request compares with conditions that no index answers. Reading them takes the database some
/// ten milliseconds.
pub const EXAMINED_OBJECTS: usize = 2_000;

/// Objects of each list inside others that are compared in this way, if there are many such lists: as many as a page has items.
pub const EXAMINED_OF_EACH: usize = 100;

/// The number of objects that are compared of each of so many lists: all together have as many as a list of its own.
#[must_use]
pub fn examined_of_each(lists: usize) -> usize {
    (EXAMINED_OBJECTS / lists.max(1)).max(EXAMINED_OF_EACH)
}

/// Bytes of text that one search examines: 200 of the longest descriptions, or the usual texts of thousands of objects.
pub const SEARCHED_BYTES: usize = 2 << 20;

/// Bytes of text that a search of a list of occurrences examines in memory. Comparing them takes some ten milliseconds.
pub const SEARCHED_BYTES_IN_MEMORY: usize = 8 << 20;

/// The largest number of objects that is counted: index entries that the database reads in a few milliseconds.
pub const COUNTED: u32 = 10_000;

/// Events whose rules are asked for a number of events in a period. Each rule takes some microseconds.
pub const COUNTED_IN_PERIOD: usize = 1_000;

/// Organizations whose names one search examines. Reading them takes the database a few milliseconds.
pub const SEARCHED_ORGANIZATIONS: usize = 1_000;

/// Members whose names one search examines. Reading them takes the database a few milliseconds.
pub const SEARCHED_MEMBERS: usize = 1_000;

/// Occurrences that one list examines, of which few may match its filter. Reading their seats takes the database some ten
/// milliseconds.
pub const EXAMINED_OCCURRENCES: usize = 10_000;

/// Bytes of the index by day of one organization's occurrences: a month with 15,000 occurrences a day.
pub const INDEX_BYTES: usize = 32 << 20;

/// Days in the index of one organization: eleven years. Each takes some memory and time although nothing takes place on it.
pub const INDEXED_DAYS: usize = 4_000;

/// Occurrences of a day in the index. Sorting them takes some milliseconds.
pub const INDEXED_OCCURRENCES: usize = 100_000;

/// The time that a list waits while others compute days of the index. A caller that is refused learns it while it still helps to try
/// again.
pub const WAIT_FOR_DAYS: Duration = Duration::from_secs(3);

/// A limit that a change can exceed because of what is already stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    UpcomingRegistrations,
    WaitlistedRegistrations,
    WaitlistLength,
    EditedRegistrations,
    ExaminedWaitlists,
    EarlierSchedules,
    Exceptions,
    StoredOccurrences,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpcomingRegistrations => write!(
                f,
                "the number of a member's upcoming registrations is limited to {UPCOMING_REGISTRATIONS}"
            ),
            Self::WaitlistedRegistrations => {
                write!(f, "the number of a member's waitlists is limited to {WAITLISTED_REGISTRATIONS}")
            }
            Self::WaitlistLength => {
                write!(
                    f,
                    "the number of members on the waitlist of an occurrence is limited to {WAITLIST_LENGTH}"
                )
            }
            Self::EditedRegistrations => write!(
                f,
                "the number of registrations that follow one edit is limited to {EDITED_REGISTRATIONS}"
            ),
            Self::ExaminedWaitlists => write!(
                f,
                "the members whose time changes are on more than {EXAMINED_WAITLISTS} waitlists between the first and the last \
                 changed time: edit fewer occurrences at once"
            ),
            Self::EarlierSchedules => write!(
                f,
                "the schedules that an event keeps of the time before its edits are limited to {}, and to {} bytes together",
                Event::MAX_EARLIER_SCHEDULES,
                Event::MAX_EARLIER_BYTES
            ),
            Self::Exceptions => write!(
                f,
                "the number of an event's occurrences ahead that were changed one by one is limited to {EXCEPTIONS}"
            ),
            Self::StoredOccurrences => write!(
                f,
                "the number of an event's occurrences ahead that have registrations is limited to {STORED_OCCURRENCES}"
            ),
        }
    }
}
