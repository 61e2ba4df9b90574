//! Seats: taken, freed and kept through edits, within the caller's transaction.
//!
//! Every change of a seat goes through here, so that the four places where a seat is stored always agree: the counters
//! of the occurrence, the member's agenda, the registration, and the log.
//!
//! - [`cancel`] cancels registrations; [`promote`] gives freed seats to waitlisted members, [`promote_freed`] free seats to
//!   waitlisted members whose time became free
//! - [`edit`] updates registrations when an organizer moves, resizes, cancels or drops occurrences
//! - [`leave`] cancels the registrations of a removed member, [`delete`] deletes those of an event, also a part at a time
//! - [`steps`] does what [`edit`] leaves to a job

mod agenda;
mod cancel;
mod commands;
mod delete;
mod edit;
mod freed_time;
mod history;
mod leave;
mod listed;
mod marks;
mod occurrence;
mod passed_over;
mod promote;
mod steps;
mod upcoming;

pub(crate) use self::{
    agenda::{Claim, claim, free_among},
    cancel::{Cancelling, cancel},
    delete::{count_cancelled, delete_registrations},
    edit::{Edited, EventSteps, OccurrencesEdit, UsedResult, edit, results_of_event, rewrite_results},
    freed_time::{FreedTime, is_read_at_once, promote_freed},
    leave::{Removal, remove_member, remove_step},
    listed::{cancelled_since, with_ids},
    marks::are_busy,
    occurrence::{OccurrenceSeats, Occurrences},
    promote::{Freed, mark_confirmed, promote},
    steps::cancel_step,
};

/// The number of documents that one command writes: well within the time limit of a call, and far below the server's
/// limits of 100,000 and 48 MB.
const CHUNK: usize = 1_000;
