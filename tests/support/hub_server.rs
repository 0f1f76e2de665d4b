//! The hub's own server, which speaks the Hub's protocol and misbehaves on demand.
#![allow(
    dead_code,
    unused_imports,
    reason = "one test or another uses the rest"
)]

#[path = "../../crates/hub/tests/support/protocol.rs"]
mod protocol;
#[path = "../../crates/hub/tests/support/server.rs"]
mod server;
#[path = "../../crates/hub/tests/support/wire.rs"]
mod wire;

pub use server::{COMMIT, Fault, File, HubServer, Origin, Seen, hex, noise, splitmix};
