//! Seats: given out, taken back and carried along, within the transaction of whoever changes something.
//!
//! Everything that changes who holds a seat goes through here, so that the four places where a seat is written
//! down always agree: the occurrence's counters, the member's agenda, the registration, and the log.
//!
//! - [`cancel`] takes registrations back, [`promote`] gives free seats to those who wait
//! - [`edit`] carries registrations along when an organizer moves, resizes, calls off or drops occurrences
//! - [`leave`] takes everything back from a member who is removed, or tells what stands against deleting an event

mod agenda;
mod cancel;
mod edit;
mod entries;
mod guards;
mod leave;
mod promote;
mod tally;

pub(crate) use self::{
    agenda::{Claim, claim, free_among},
    cancel::{Cancelling, cancel},
    edit::{OccurrencesEdit, edit},
    entries::{created, waitlisted},
    guards::Guards,
    leave::{delete_event, remove_member},
    promote::promote,
    tally::{Tallies, Tally},
};

/// How many statements or documents go into one command: far below the server's limits of 100,000 and 48 MB.
const CHUNK: usize = 1_000;
