//! The queue of one process: calls wait here until a batch takes them.
//!
//! The [`dispatcher`] starts batches; a [`lane`] holds the calls of one organization.

mod dispatcher;
mod lane;
mod request;
mod ticket;

pub(super) use self::{
    dispatcher::Queue,
    request::{Answer, Entry, Wish},
    ticket::Ticket,
};
