//! handfast
fn main() {}
