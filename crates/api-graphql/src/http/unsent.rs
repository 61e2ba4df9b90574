//! The memory of large responses that clients have not read yet.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    web,
};
use bytes::Bytes;
use convene_application::failure::FaultKind;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{error::HttpError, limits::SMALL_RESPONSE_BYTES};

/// The bytes that are handed to a connection at once, as many as it buffers.
const PART_BYTES: usize = 32 * 1_024;

const UNIT_BYTES: usize = 1_024;

/// The memory that unsent responses may take in this process.
pub(crate) struct UnsentMemory(Arc<Semaphore>);

impl UnsentMemory {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / UNIT_BYTES)))
    }

    fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let units = u32::try_from(bytes / UNIT_BYTES).unwrap_or(u32::MAX);
        Arc::clone(&self.0).try_acquire_many_owned(units).ok()
    }
}

/// Makes a large response take its memory until the client has received it.
///
/// # Errors
/// There is not enough memory. The result of a change is never refused.
pub(crate) fn reserve(
    request: &HttpRequest,
    response: HttpResponse,
    is_change: bool,
) -> Result<HttpResponse, HttpError> {
    let BodySize::Sized(size) = response.body().size() else { return Ok(response) };
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if size <= SMALL_RESPONSE_BYTES {
        return Ok(response);
    }
    let permit = request.app_data::<web::Data<UnsentMemory>>().and_then(|memory| memory.take(size));
    if permit.is_none() && !is_change {
        return Err(HttpError::new(FaultKind::Overloaded));
    }
    Ok(response.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => BoxBody::new(UnsentBody { bytes, _permit: permit }),
        Err(body) => body,
    }))
}

/// A body that is sent in parts.
struct UnsentBody {
    bytes: Bytes,
    _permit: Option<OwnedSemaphorePermit>,
}

impl MessageBody for UnsentBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let part = self.bytes.len().min(PART_BYTES);
        Poll::Ready((part > 0).then(|| Ok(self.bytes.split_to(part))))
    }
}
