//! Large changes in steps.
//!
//! The first transaction of a large change stores a job. Each [step](next) is one more transaction. The process that
//! accepted the change carries steps out while its caller waits ([`progress`]); any process carries out the rest. See
//! ADR 15.

mod begin;
mod change;
mod next;
mod progress;

use convene_application::change::Change;
use futures::future::BoxFuture;

pub use self::progress::MAX_REMAINING;
pub(crate) use self::{
    begin::{Accepted, Progressing},
    change::{StepsOfEdit, with_dry_run},
    next::next,
};
use crate::{
    documents::job::{JobDocument, Step},
    error::Attempt,
    transaction::Transaction,
};

/// The work of a step: changes at most this number of registrations, in the context of the change that began the job.
pub(crate) type Work = for<'t, 'e> fn(
    &'t mut Transaction<'e>,
    &'t JobDocument,
    &'t Change,
    usize,
) -> BoxFuture<'t, Attempt<Step>>;
