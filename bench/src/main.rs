//! `orderlog-bench`: figures beside their limits.
fn main() {}
