//! The program as its users run it: its commands, and servers that answer over HTTP, on a real MongoDB.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod support;
