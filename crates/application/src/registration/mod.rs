//! Use cases and rules of registrations.

mod cancel;
mod decision;
mod get_many;
pub mod history;
mod list;
pub mod log;
pub mod refusals;
mod register;
mod viewer;
mod waitlist_positions;

pub use cancel::CancelRegistration;
pub use get_many::GetRegistrations;
pub use list::{ListOwnRegistrations, ListRegistrations};
pub use register::{Register, RegisterCommand, RegistrationTarget};
pub use viewer::ViewerRegistrations;
pub use waitlist_positions::WaitlistPositions;

use convene_domain::{member::Role, registration::Registration};

use crate::caller::Caller;

/// Tests whether the caller may see the registration: its member and admins may.
fn is_visible(caller: &Caller, registration: &Registration) -> bool {
    caller.role() == Role::Admin || registration.member == caller.member()
}
