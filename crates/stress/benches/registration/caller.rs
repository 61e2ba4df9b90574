//! The interface of all measured variants.

use std::future::Future;

use crate::fixture::TestData;

/// A member and an occurrence, by their index in the test data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) member: usize,
    pub(crate) occurrence: usize,
}

/// The result of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Registered(String),
    Refused(String),
}

pub(crate) const FULL: &str = "OCCURRENCE_FULL";
pub(crate) const CONFLICT: &str = "SCHEDULE_CONFLICT";

/// A caller that sends one request at a time.
pub(crate) trait Caller: Send + 'static {
    fn register(
        &mut self,
        data: &TestData,
        seat: Seat,
    ) -> impl Future<Output = anyhow::Result<Decision>> + Send;

    fn cancel(
        &mut self,
        data: &TestData,
        seat: Seat,
        registration: &str,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}
