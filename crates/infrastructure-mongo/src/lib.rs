//! The adapters of Convene's ports on MongoDB.
