//! The open connections of a caller.

use std::io;

use convene_stress::Connection;

use crate::servers::{Endpoint, SERVERS};

/// A connection to each server, if it is open.
#[derive(Default)]
pub(crate) struct Connections([Option<(Endpoint, Connection)>; SERVERS]);

impl Connections {
    /// Takes the connection to a server, or opens one. It is put back after success only.
    pub(crate) async fn take(&mut self, server: usize, endpoint: Endpoint) -> io::Result<Connection> {
        match self.0[server].take() {
            Some((there, connection)) if there == endpoint => Ok(connection),
            _ => Connection::open(endpoint.address).await,
        }
    }

    /// Keeps a connection, unless the server closes it.
    pub(crate) fn put(&mut self, server: usize, endpoint: Endpoint, connection: Connection) {
        if !connection.is_closing() {
            self.0[server] = Some((endpoint, connection));
        }
    }
}
