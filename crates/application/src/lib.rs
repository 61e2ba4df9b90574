//! The use cases of Convene and the ports they need.
