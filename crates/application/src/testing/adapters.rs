use std::sync::Arc;

use crate::ports::{
    ActivityLog, Catalogue, Directory, Events, Issues, Members, Organizations, PersonalData, Realignment,
    RegistrationBook, Registrations,
};

/// All storage ports, implemented on the same storage.
#[derive(Clone)]
pub struct Adapters {
    pub directory: Arc<dyn Directory>,
    pub organizations: Arc<dyn Organizations>,
    pub members: Arc<dyn Members>,
    pub events: Arc<dyn Events>,
    pub catalogue: Arc<dyn Catalogue>,
    pub registration_book: Arc<dyn RegistrationBook>,
    pub registrations: Arc<dyn Registrations>,
    pub issues: Arc<dyn Issues>,
    pub activity_log: Arc<dyn ActivityLog>,
    pub personal_data: Arc<dyn PersonalData>,
    pub realignment: Arc<dyn Realignment>,
}
