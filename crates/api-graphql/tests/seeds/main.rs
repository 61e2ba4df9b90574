//! The demo data: what is in the files of the repository, and what loading them does.

#[cfg(test)]
mod demo;
#[cfg(test)]
mod loading;
#[cfg(test)]
mod mistakes;
#[cfg(test)]
mod support;
