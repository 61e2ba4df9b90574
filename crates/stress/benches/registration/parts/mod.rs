//! The parts of the benchmark. Each prints one table.

pub(crate) mod member;
pub(crate) mod mixed;
pub(crate) mod rush;
pub(crate) mod spread;
