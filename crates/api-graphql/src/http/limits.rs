//! The limits of a single HTTP request, each with its reason.

use std::time::Duration;

/// How large and how slow a request may be. Settings of the server; see [`Default`] for the values and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// The largest sum of request line and headers, in bytes.
    pub header_bytes: usize,
    /// How long the headers may take to arrive.
    pub header_time: Duration,
    /// How long the body may take to arrive.
    pub body_time: Duration,
    /// How long the whole request may take, from its headers to its answer.
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

/// The largest number of errors in one answer. A broken document can have thousands, and the first few say it all.
pub const MOST_ERRORS: usize = 10;

/// The longest message of one error, in characters. Messages quote the document, which may be one huge name.
pub const LONGEST_MESSAGE: usize = 500;

/// The longest operation name in a log line, in characters.
pub const LONGEST_LOGGED_NAME: usize = 64;
