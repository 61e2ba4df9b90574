//! The REST routes of the issue tracker from the view of clients: the demo data in memory behind the real server, on a
//! real socket.

#[cfg(test)]
mod bodies;
#[cfg(test)]
mod document;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod faults;
#[cfg(test)]
#[path = "../http/support/log.rs"]
mod log;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod repeats;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod support;
