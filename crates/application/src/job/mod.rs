//! The use case that completes large changes.

mod resume;

pub use resume::ResumeJobs;
