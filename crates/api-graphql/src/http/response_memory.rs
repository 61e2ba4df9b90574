//! The memory of large responses that clients have not read yet.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    web,
};
use bytes::Bytes;
use convene_application::failure::FaultKind;

use super::{
    error::HttpError,
    limits::SMALL_RESPONSE_BYTES,
    memory::{SharedMemory, Taken},
};
use crate::auth::Owner;

/// The bytes that are handed to a connection at once, as many as it buffers.
const PART_BYTES: usize = 32 * 1_024;

/// The memory that unsent responses may take in this process.
pub(crate) struct ResponseMemory(pub(crate) SharedMemory);

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
    let memory = request.app_data::<web::Data<ResponseMemory>>();
    // A request without an owner was refused, and its response is small.
    let owner = request.extensions().get::<Owner>().cloned();
    let taken = memory.zip(owner).and_then(|(memory, owner)| memory.0.try_take(&owner, size));
    if taken.is_none() && !is_change {
        return Err(HttpError::new(FaultKind::Overloaded));
    }
    Ok(response.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => BoxBody::new(MeasuredBody { bytes, _memory: taken }),
        Err(body) => body,
    }))
}

/// A body that is sent in parts.
struct MeasuredBody {
    bytes: Bytes,
    _memory: Option<Taken>,
}

impl MessageBody for MeasuredBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let part = self.bytes.len().min(PART_BYTES);
        Poll::Ready((part > 0).then(|| Ok(self.bytes.split_to(part))))
    }
}
