//! The JSON texts of responses.

use serde::Serialize;
use tokio::task::spawn_blocking;

use super::{error::HttpError, limits::SMALL_RESPONSE_BYTES};

/// Writes a value as JSON. `bytes` is the approximate length of the text. A long text is written on a thread of its own,
/// because it would keep other requests of the thread waiting for several milliseconds.
///
/// # Errors
/// The value cannot be written, or panicked.
pub(crate) async fn write<T>(value: T, bytes: usize) -> Result<Vec<u8>, HttpError>
where
    T: Serialize + Send + 'static,
{
    let write = move || serde_json::to_vec(&value);
    let written = if bytes <= SMALL_RESPONSE_BYTES { Ok(write()) } else { spawn_blocking(write).await };
    written.ok().and_then(Result::ok).ok_or_else(HttpError::internal)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_long_text_is_written_on_another_thread() {
        let text = "\"".repeat(SMALL_RESPONSE_BYTES);
        let short = write(text.clone(), SMALL_RESPONSE_BYTES).now_or_never();
        let mut long = Box::pin(write(text.clone(), SMALL_RESPONSE_BYTES + 1));
        assert!((&mut long).now_or_never().is_none(), "this thread does not wait");
        let expected = serde_json::to_vec(&text).ok();
        assert_eq!(short.and_then(Result::ok), expected);
        assert_eq!(long.await.ok(), expected);
    }
}
