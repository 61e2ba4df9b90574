//! Seats: taken, released and kept through edits, within the caller's transaction.
//!
//! Every change of a seat goes through here, so that the four places where a seat is stored always agree: the counters
//! of the occurrence, the member's agenda, the registration, and the log.
//!
//! - [`cancel`] cancels registrations, [`promote`] gives free seats to waitlisted members
//! - [`edit`] updates registrations when an organizer moves, resizes, cancels or drops occurrences
//! - [`leave`] cancels the registrations of a removed member, and deletes those of an event

mod agenda;
mod cancel;
mod edit;
mod guards;
mod leave;
mod occurrence;
mod promote;

pub(crate) use self::{
    agenda::{Claim, claim, free_among},
    cancel::{Cancelling, cancel},
    edit::{OccurrencesEdit, edit},
    guards::Guards,
    leave::{delete_event, remove_member},
    occurrence::{OccurrenceSeats, Occurrences},
    promote::promote,
};

/// The number of statements or documents of one command: far below the server's limits of 100,000 and 48 MB.
const CHUNK: usize = 1_000;
