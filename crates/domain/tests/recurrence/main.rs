//! The recurrence engine against other engines' answers, against itself, and against bad input.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cases;
mod differential;
mod fuzz;
mod gaps;
mod properties;
mod refusals;
mod rules;
mod shift;
mod split;
mod until;
