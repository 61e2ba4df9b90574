//! One table each.

pub(crate) mod member;
pub(crate) mod mixed;
pub(crate) mod rush;
pub(crate) mod spread;
