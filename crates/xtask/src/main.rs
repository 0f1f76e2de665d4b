//! Set-up, build, test, bench and bundle.
fn main() {}
