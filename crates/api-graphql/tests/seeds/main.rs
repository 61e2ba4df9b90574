//! The demo data of the repository, and loading it.

#[cfg(test)]
mod demo;
#[cfg(test)]
mod loading;
#[cfg(test)]
mod mistakes;
#[cfg(test)]
mod support;
