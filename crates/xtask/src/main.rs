//! One command for each job around Convene.
fn main() {}
