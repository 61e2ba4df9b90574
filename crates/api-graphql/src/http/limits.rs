//! The limits of a single HTTP request, each with its reason.

use std::time::Duration;

/// The limits of the size and time of a request. [`Default`] has the values and their reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// The maximum size of the body in bytes.
    pub body_bytes: usize,
    /// The maximum size of request line and headers together, in bytes.
    pub header_bytes: usize,
    /// The maximum time until the headers have arrived.
    pub header_time: Duration,
    /// The maximum time until the body has arrived.
    pub body_time: Duration,
    /// The maximum time from the headers of the request to its response.
    pub request_time: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            // A document of the most tokens allowed has about 20 KiB, an event's description at most 40 KiB.
            body_bytes: 256 * 1024,
            // Room for the largest token (8 KiB) and for what browsers and proxies add.
            header_bytes: 16 * 1024,
            // A client on a bad line sends this much in one second; only one that holds connections takes longer.
            header_time: Duration::from_secs(5),
            body_time: Duration::from_secs(5),
            // The longest transaction with all its retries takes 5 s; a proxy in front gives up after 30 s or more.
            request_time: Duration::from_secs(10),
        }
    }
}

/// The maximum length of an operation name in a log line, in characters.
pub const MAX_LOGGED_NAME_LENGTH: usize = 64;
