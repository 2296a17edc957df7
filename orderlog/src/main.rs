//! The `orderlog` program: one subcommand per role.
fn main() {}
