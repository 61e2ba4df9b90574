//! The recurrence engine against other engines' answers, against itself, and against bad input.

mod cases;
mod differential;
mod fuzz;
mod properties;
mod refusals;
mod rules;
mod split;
