//! Everything that speaks HTTP.

pub mod error;
pub mod limits;
pub mod rate_limit;
pub mod request_id;
pub mod strict_json;
