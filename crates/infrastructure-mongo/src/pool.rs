//! The metrics of the driver's connection pool.

use metrics::{Gauge, Histogram, counter, gauge, histogram};
use mongodb::event::{
    EventHandler,
    cmap::{CmapEvent, ConnectionCheckoutFailedReason},
};

/// Records what the driver reports about its connections.
pub(crate) fn handler() -> EventHandler<CmapEvent> {
    let pool = Pool::new();
    EventHandler::callback(move |event| pool.record(&event))
}

/// The metrics of a pool, which are looked up once.
struct Pool {
    open: Gauge,
    in_use: Gauge,
    wait: Histogram,
}

impl Pool {
    fn new() -> Self {
        let connections = |state| gauge!("convene_database_connections", "state" => state);
        Self {
            open: connections("open"),
            in_use: connections("in_use"),
            wait: histogram!("convene_database_connection_wait_seconds"),
        }
    }

    fn record(&self, event: &CmapEvent) {
        match event {
            CmapEvent::ConnectionCreated(_) => self.open.increment(1),
            CmapEvent::ConnectionClosed(_) => self.open.decrement(1),
            CmapEvent::ConnectionCheckedOut(event) => {
                self.in_use.increment(1);
                self.wait.record(event.duration);
            }
            CmapEvent::ConnectionCheckedIn(_) => self.in_use.decrement(1),
            CmapEvent::ConnectionCheckoutFailed(event) => {
                let reason = match event.reason {
                    ConnectionCheckoutFailedReason::Timeout => "timeout",
                    _ => "error",
                };
                counter!("convene_database_connection_failures_total", "reason" => reason).increment(1);
            }
            _ => {}
        }
    }
}
