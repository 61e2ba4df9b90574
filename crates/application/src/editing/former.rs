use crate::limits::FORMER_IDS;

/// Records the id that an occurrence had before it got the id `now`. The latest former ids are kept.
pub fn record_former_id<T: PartialEq>(former: &mut Vec<T>, before: T, now: &T) {
    former.retain(|id| id != now);
    former.push(before);
    former.drain(..former.len().saturating_sub(FORMER_IDS));
}
