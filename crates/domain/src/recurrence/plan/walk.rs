//! Iteration over the dates of a plan.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "day numbers up to 2100 fit into 32 bits, as do bit numbers"
)]

use super::{Plan, select};
use crate::time::civil::DAY_SECONDS;

/// The local seconds of a plan from some point on, rising.
#[derive(Debug, Clone)]
pub(in crate::recurrence) struct Walk<'p> {
    plan: &'p Plan,
    times: &'p [i64],
    /// The position of the next chunk.
    position: i32,
    /// The rest of the current chunk: its first day, and a bit for each day from it.
    first_day: i32,
    days: u64,
    /// The current day, in seconds, and the time of it that is next.
    midnight: i64,
    next_time: usize,
    /// The rest of the current period in reverse order, if BYSETPOS selects from whole periods.
    picked: Vec<i64>,
}

impl<'p> Walk<'p> {
    pub(super) fn new(plan: &'p Plan, local: i64) -> Self {
        let local = local.max(plan.first);
        let mut walk = Self {
            plan,
            times: plan.times.as_slice(),
            position: i32::MAX,
            first_day: 0,
            days: 0,
            midnight: 0,
            next_time: plan.times.as_slice().len(),
            picked: Vec::new(),
        };
        if local > plan.last || walk.times.is_empty() {
            return walk;
        }
        let day = (local / DAY_SECONDS) as i32;
        if plan.picks.is_empty() {
            walk.position = plan.pattern.seek(day);
            walk.start_within(day, local);
        } else {
            walk.position = plan.pattern.seek_period(day);
            while walk.picked.is_empty() && walk.next_period() {
                walk.picked.retain(|picked| *picked >= local);
            }
        }
        walk
    }

    /// Removes the dates before `local` from the first chunk.
    fn start_within(&mut self, day: i32, local: i64) {
        if !self.next_chunk() {
            return;
        }
        let skipped = day - self.first_day;
        if skipped > 0 {
            self.days = if skipped < 64 { self.days >> skipped << skipped } else { 0 };
        }
        if (0..64).contains(&skipped) && self.days >> skipped & 1 == 1 {
            self.days &= self.days - 1;
            self.midnight = i64::from(day) * DAY_SECONDS;
            let time = local - self.midnight;
            self.next_time = self.times.partition_point(|known| *known < time);
        }
    }

    /// Loads the next chunk; returns false if the plan has ended.
    fn next_chunk(&mut self) -> bool {
        if self.has_ended() {
            return false;
        }
        self.load_chunk();
        true
    }

    /// Returns true if the next chunk begins after the end of the plan.
    fn has_ended(&mut self) -> bool {
        if self.position != i32::MAX
            && i64::from(self.plan.pattern.first_day(self.position)) * DAY_SECONDS > self.plan.last
        {
            self.position = i32::MAX;
        }
        self.position == i32::MAX
    }

    fn load_chunk(&mut self) {
        self.first_day = self.plan.pattern.first_day(self.position);
        self.days = self.plan.pattern.days(self.position);
        self.position = self.plan.pattern.after(self.position);
    }

    /// Loads the selected dates of the next period; false if the plan has ended. The period counts as a
    /// whole, even if the plan ends within it.
    fn next_period(&mut self) -> bool {
        if self.has_ended() {
            return false;
        }
        let mut all = Vec::new();
        for _ in 0..self.plan.pattern.chunks_in_period() {
            self.load_chunk();
            while let Some(midnight) = self.next_day() {
                all.extend(self.times.iter().map(|time| midnight + time));
            }
        }
        self.picked = select::select(&all, &self.plan.picks);
        self.picked.reverse();
        true
    }

    /// Takes the next day out of the chunk.
    #[inline]
    fn next_day(&mut self) -> Option<i64> {
        if self.days == 0 {
            return None;
        }
        let day = self.first_day + self.days.trailing_zeros() as i32;
        self.days &= self.days - 1;
        Some(i64::from(day) * DAY_SECONDS)
    }

    fn next_picked(&mut self) -> Option<i64> {
        loop {
            if let Some(local) = self.picked.pop() {
                return Some(local).filter(|local| *local <= self.plan.last);
            }
            if !self.next_period() {
                return None;
            }
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        loop {
            if let Some(time) = self.times.get(self.next_time) {
                self.next_time += 1;
                return Some(self.midnight + time).filter(|local| *local <= self.plan.last);
            }
            if !self.plan.picks.is_empty() {
                return self.next_picked();
            }
            if let Some(midnight) = self.next_day() {
                self.midnight = midnight;
                self.next_time = 0;
            } else if !self.next_chunk() {
                return None;
            }
        }
    }

    /// Skips whole chunks at once.
    fn nth(&mut self, n: usize) -> Option<i64> {
        let mut left = n;
        while self.plan.picks.is_empty() && self.position != i32::MAX {
            let today = self.times.len() - self.next_time;
            let waiting = today + self.days.count_ones() as usize * self.times.len();
            if left < waiting {
                break;
            }
            left -= waiting;
            self.next_time = self.times.len();
            self.days = 0;
            self.next_chunk();
        }
        for _ in 0..left {
            self.next()?;
        }
        self.next()
    }
}
