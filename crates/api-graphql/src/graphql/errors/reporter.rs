//! Reports the faults of fields, each with what it means for the change that the request makes.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use convene_application::failure::{Fault, FaultKind};

use crate::{errors::INCOMPLETE, request_id::RequestId, telemetry};

const FIELDS: u8 = 0;
const PAYLOAD: u8 = 1;
const PAYLOAD_OF_CHANGE: u8 = 2;

/// A fault that was logged. It may fail several fields, and is logged once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportedFault {
    pub(super) kind: FaultKind,
    pub(super) message: &'static str,
    pub(super) request_id: RequestId,
}

/// Reports the faults of a request. Clones share the part of the operation that is executed.
///
/// Mutations run one after the other, so there is one such part at a time: the fields of a query or a mutation itself, whose faults
/// say what was changed, or the payload of a mutation. A change that was made before its payload was read stays made, whatever
/// happens to a field below.
#[derive(Clone, Debug)]
pub(crate) struct FaultReporter {
    request_id: RequestId,
    part: Arc<AtomicU8>,
}

impl FaultReporter {
    pub(crate) fn new(request_id: RequestId) -> Self {
        Self { request_id, part: Arc::new(AtomicU8::new(FIELDS)) }
    }

    /// A mutation begins.
    pub(crate) fn begin_mutation(&self) {
        self.part.store(FIELDS, Ordering::Release);
    }

    /// A mutation has ended, and its payload is read. `may_have_changed` is false if the mutation has changed nothing for sure.
    pub(crate) fn begin_payload(&self, may_have_changed: bool) {
        let part = if may_have_changed { PAYLOAD_OF_CHANGE } else { PAYLOAD };
        self.part.store(part, Ordering::Release);
    }

    /// Returns true if the payload of a mutation is read.
    pub(crate) fn is_in_payload(&self) -> bool {
        self.part.load(Ordering::Acquire) != FIELDS
    }

    /// Logs a fault. To be called once for each fault.
    pub(crate) fn report(&self, fault: &Fault) -> ReportedFault {
        telemetry::log_fault(fault);
        let (kind, message) = match self.part.load(Ordering::Acquire) {
            PAYLOAD_OF_CHANGE => (FaultKind::OutcomeUnknown, INCOMPLETE),
            _ => (fault.kind(), fault.kind().message()),
        };
        ReportedFault { kind, message, request_id: self.request_id.clone() }
    }
}
