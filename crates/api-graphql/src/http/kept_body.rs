//! The body of a request, which is kept until its response has been sent.
//!
//! The HTTP library closes a connection some seconds after a response that leaves a part of the body unread. If a handler drops a
//! chunked body, the library waits for its end instead, without a limit of time or size. So the body is kept for the handler.
//!
//! The library makes a part of each chunk. A body of one-byte chunks takes a hundred times as long as one part with its bytes,
//! and delays the other connections of the thread, so the number of chunks is limited. The parts of a body with a `Content-Length`
//! are what each read of the connection finds, which a client with many small writes does not control.

use std::{
    cell::RefCell,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    HttpMessage,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    http::header,
};
use bytes::Bytes;
use futures::{Stream, StreamExt};

use super::limits::{BODY_PARTS, BYTES_OF_PART};

/// The body of a request, which its handler reads.
#[derive(Clone)]
pub(super) struct KeptBody(Rc<RefCell<Body>>);

struct Body {
    payload: Payload,
    is_chunked: bool,
    /// All of it was read, or it is broken.
    has_ended: bool,
    parts: usize,
    bytes: usize,
}

impl Body {
    /// Returns true if the parts are so small that reading them takes much more time than their bytes would.
    fn has_too_many_parts(&self) -> bool {
        self.is_chunked && self.parts > BODY_PARTS + self.bytes / BYTES_OF_PART
    }
}

impl KeptBody {
    /// Keeps the body of this request, and lets its handler read it.
    pub(super) fn of(request: &mut ServiceRequest) -> Self {
        let is_chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
        let payload = request.take_payload();
        let body = Body { payload, is_chunked, has_ended: false, parts: 0, bytes: 0 };
        let body = Self(Rc::new(RefCell::new(body)));
        request.set_payload(Payload::Stream { payload: Box::pin(body.clone()) });
        body
    }

    /// Discards what has arrived since the handler stopped reading. Returns true if that was the rest of the body.
    ///
    /// A response to a body that has ended is ready at once: the library closes a connection right after a broken chunk.
    pub(super) async fn discard_arrived(&mut self) -> bool {
        if self.0.borrow().has_ended {
            return true;
        }
        if self.0.borrow().has_too_many_parts() {
            return false;
        }
        let mut has_paused = false;
        poll_fn(|context| {
            loop {
                match self.poll_next_unpin(context) {
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(_) => return Poll::Ready(self.0.borrow().has_ended),
                    Poll::Pending if has_paused => return Poll::Ready(false),
                    Poll::Pending => {
                        // The library calls the handler before it takes the body out of the bytes that it has read.
                        has_paused = true;
                        context.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
            }
        })
        .await
    }
}

impl Stream for KeptBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.0.borrow_mut();
        if body.has_too_many_parts() {
            return Poll::Ready(Some(Err(PayloadError::Overflow)));
        }
        let part = body.payload.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(bytes))) = &part {
            body.parts += 1;
            body.bytes += bytes.len();
        }
        body.has_ended |= matches!(part, Poll::Ready(None | Some(Err(_))));
        part
    }
}

/// The body of a response that leaves a part of the request's body unread.
pub(crate) struct EarlyResponse {
    response: BoxBody,
    _request: KeptBody,
}

impl EarlyResponse {
    pub(super) fn new(response: impl MessageBody + 'static, request: KeptBody) -> Self {
        Self { response: BoxBody::new(response), _request: request }
    }
}

impl MessageBody for EarlyResponse {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.response.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.response).poll_next(context)
    }
}
