//! The number of open connections, and the one that gives way to a new one.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
};

use futures::task::AtomicWaker;

use crate::{
    http::limits::HttpLimits,
    telemetry::{SecurityEvent, record_security_event},
};

/// The open connections of this process.
///
/// If there are as many as allowed, a connection that does nothing gives way to a new one whose address has fewer: the newest one of the address
/// that has most. It has not sent a whole request yet, or waits for the next one. So no number of addresses keeps others out by
/// connections that cost them nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenConnections(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    total: usize,
    last_number: u64,
    addresses: HashMap<IpAddr, OfAddress>,
}

#[derive(Debug, Default)]
struct OfAddress {
    /// The connections that have not sent a whole request.
    unfinished: usize,
    /// In the order of their arrival.
    connections: BTreeMap<u64, ListedConnection>,
}

#[derive(Debug)]
struct ListedConnection {
    is_unfinished: bool,
    state: Arc<ConnectionState>,
}

/// The state of a connection, as far as others have to know.
#[derive(Debug, Default)]
struct ConnectionState {
    /// A service works on a request.
    is_in_flight: AtomicBool,
    /// The client does not read its response as fast as it is sent.
    is_writing: AtomicBool,
    gives_way: AtomicBool,
    waker: AtomicWaker,
}

/// A connection that counts as open until this value is dropped.
#[derive(Debug)]
pub(super) struct OpenConnection(ConnectionHandle);

/// A handle by which a connection reports its requests.
#[derive(Clone, Debug)]
pub(super) struct ConnectionHandle {
    connections: OpenConnections,
    address: IpAddr,
    number: u64,
    state: Arc<ConnectionState>,
}

impl OpenConnections {
    /// Counts a new connection. `None` if there are too many connections, in total or from this address.
    pub(super) fn enter(&self, address: IpAddr, limits: &HttpLimits) -> Option<OpenConnection> {
        let mut open = self.lock();
        let of_address = open.addresses.get(&address);
        let (held, unfinished) = of_address.map_or((0, 0), |it| (it.connections.len(), it.unfinished));
        if held >= limits.connections_per_address || unfinished >= limits.unfinished_per_address() {
            return None;
        }
        if open.total >= limits.connections {
            let (address, number) = open.to_give_way(held)?;
            let entry = open.remove(address, number)?;
            entry.state.gives_way.store(true, Ordering::Release);
            entry.state.waker.wake();
            record_security_event(SecurityEvent::ConnectionReplaced);
        }
        open.total += 1;
        open.last_number += 1;
        let (number, state) = (open.last_number, Arc::<ConnectionState>::default());
        let of_address = open.addresses.entry(address).or_default();
        of_address.unfinished += 1;
        let entry = ListedConnection { is_unfinished: true, state: Arc::clone(&state) };
        of_address.connections.insert(number, entry);
        Some(OpenConnection(ConnectionHandle { connections: self.clone(), address, number, state }))
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// The connection that gives way to one whose address has this number of others.
    fn to_give_way(&self, held: usize) -> Option<(IpAddr, u64)> {
        let larger = self.addresses.iter().filter(|(_, of_address)| of_address.connections.len() > held + 1);
        let candidates = larger.filter_map(|(address, of_address)| {
            let number = of_address.newest_idle()?;
            Some((of_address.connections.len(), *address, number))
        });
        candidates.max_by_key(|(number, ..)| *number).map(|(_, address, number)| (address, number))
    }

    fn remove(&mut self, address: IpAddr, number: u64) -> Option<ListedConnection> {
        let of_address = self.addresses.get_mut(&address)?;
        let entry = of_address.connections.remove(&number)?;
        of_address.unfinished -= usize::from(entry.is_unfinished);
        if of_address.connections.is_empty() {
            self.addresses.remove(&address);
        }
        self.total -= 1;
        Some(entry)
    }
}

impl OfAddress {
    fn newest_idle(&self) -> Option<u64> {
        let newest = |is_unfinished: bool| {
            let mut newest_first = self.connections.iter().rev();
            newest_first.find(|(_, it)| it.is_unfinished == is_unfinished && !it.state.is_busy())
        };
        newest(true).or_else(|| newest(false)).map(|(number, _)| *number)
    }
}

impl ConnectionState {
    fn is_busy(&self) -> bool {
        self.is_in_flight.load(Ordering::Acquire) || self.is_writing.load(Ordering::Acquire)
    }
}

impl OpenConnection {
    pub(super) fn handle(&self) -> ConnectionHandle {
        self.0.clone()
    }

    /// Notes whether the client keeps the connection from writing.
    pub(super) fn set_writing(&self, is_writing: bool) {
        self.0.state.is_writing.store(is_writing, Ordering::Release);
    }

    /// Tests whether the connection has to close. If not, the task is woken when it has to.
    pub(super) fn gives_way(&self, waker: &Waker) -> bool {
        let state = &self.0.state;
        state.waker.register(waker);
        state.gives_way.load(Ordering::Acquire) && !state.is_busy()
    }
}

impl ConnectionHandle {
    /// Notes that a service begins a request.
    pub(super) fn begin(&self, is_first: bool) {
        self.state.is_in_flight.store(true, Ordering::Release);
        if !is_first {
            return;
        }
        let mut open = self.connections.lock();
        if let Some(of_address) = open.addresses.get_mut(&self.address)
            && let Some(entry) = of_address.connections.get_mut(&self.number)
            && std::mem::take(&mut entry.is_unfinished)
        {
            of_address.unfinished -= 1;
        }
    }

    /// Notes that the service has responded.
    pub(super) fn end(&self) {
        self.state.is_in_flight.store(false, Ordering::Release);
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let ConnectionHandle { connections, address, number, .. } = &self.0;
        drop(connections.lock().remove(*address, *number));
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn limits() -> HttpLimits {
        HttpLimits { connections: 20, connections_per_address: 16, ..HttpLimits::default() }
    }

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, last).into()
    }

    /// A connection that has sent a request and waits for the next one.
    fn idle(connections: &OpenConnections, last: u8) -> Option<OpenConnection> {
        let connection = connections.enter(address(last), &limits())?;
        let handle = connection.handle();
        handle.begin(true);
        handle.end();
        Some(connection)
    }

    fn gives_way(connection: &OpenConnection) -> bool {
        connection.gives_way(Waker::noop())
    }

    #[test]
    fn the_newest_idle_connection_of_the_address_with_most_gives_way() {
        let connections = OpenConnections::default();
        let first: Vec<_> = (0..12).map(|_| idle(&connections, 1).unwrap()).collect();
        let second: Vec<_> = (0..8).map(|_| idle(&connections, 2).unwrap()).collect();
        first[11].handle().begin(false);
        let _third = idle(&connections, 3).unwrap();
        assert!(gives_way(&first[10]), "the newest one is in flight");
        assert_eq!(first.iter().chain(&second).filter(|connection| gives_way(connection)).count(), 1);
        assert_eq!(connections.lock().total, 20);
        drop(first);
        assert_eq!(connections.lock().total, 9);
    }

    #[test]
    fn an_unfinished_connection_gives_way_before_an_idle_one() {
        let connections = OpenConnections::default();
        let unfinished = connections.enter(address(1), &limits()).unwrap();
        let idle_ones: Vec<_> = (0..19).map(|number| idle(&connections, 1 + number % 2).unwrap()).collect();
        let _third = idle(&connections, 3).unwrap();
        assert!(gives_way(&unfinished) && !idle_ones.iter().any(gives_way));
    }

    #[test]
    fn a_connection_gives_way_only_to_an_address_that_has_fewer() {
        let connections = OpenConnections::default();
        let held: Vec<_> = (0..20).map(|number| idle(&connections, number % 2).unwrap()).collect();
        assert!(idle(&connections, 0).is_none());
        let _third: Vec<_> = (0..6).map(|_| idle(&connections, 3).unwrap()).collect();
        assert!(idle(&connections, 3).is_none(), "7, 7 and 6");
        assert_eq!(held.iter().filter(|connection| gives_way(connection)).count(), 6);
        drop(held);
        assert_eq!(connections.lock().total, 6);
    }

    #[test]
    fn connections_that_are_in_use_do_not_give_way() {
        let connections = OpenConnections::default();
        let held: Vec<_> = (0..20).map(|number| idle(&connections, number % 2).unwrap()).collect();
        held.iter().for_each(|connection| connection.handle().begin(false));
        held.iter().for_each(|connection| connection.set_writing(true));
        held.iter().for_each(|connection| connection.handle().end());
        assert!(idle(&connections, 3).is_none());
        held[5].set_writing(false);
        assert!(idle(&connections, 3).is_some() && gives_way(&held[5]));
    }

    #[test]
    fn connections_without_a_request_have_a_limit_of_their_own() {
        let connections = OpenConnections::default();
        let mut unfinished: Vec<_> =
            (0..8).map(|_| connections.enter(address(1), &limits()).unwrap()).collect();
        assert!(connections.enter(address(1), &limits()).is_none());
        assert!(connections.enter(address(2), &limits()).is_some());
        unfinished[0].handle().begin(true);
        unfinished.extend(connections.enter(address(1), &limits()));
        assert_eq!(unfinished.len(), 9);
        drop(unfinished);
        let open = connections.lock();
        assert!(open.addresses.is_empty() && open.total == 0);
    }
}
