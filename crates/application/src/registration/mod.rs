//! Registering, cancelling and reading registrations.

mod cancel;
mod get_many;
mod list;
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

/// Whether a registration exists for the caller: it does for its member and for admins.
fn is_visible(caller: &Caller, registration: &Registration) -> bool {
    caller.role() == Role::Admin || registration.member == caller.member()
}
