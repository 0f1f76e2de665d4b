//! The tests' server as a program, to try other tools against it and to measure: it publishes one
//! model of so many bytes, prints its endpoint, and serves until it is ended.
//!
//! `cargo run --release --package amoozgar-hub --example hub_server -- 2000000000`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/support/protocol.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod protocol;
#[path = "../tests/support/server.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod server;
#[path = "../tests/support/wire.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod wire;

use server::{File, HubServer, Origin, noise};

fn main() {
    let n_bytes = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(1 << 20);
    let server = HubServer::start();
    let weights = File::lfs("model.safetensors", noise(1405, n_bytes));
    let content = format!(
        "http://{}/blob/{}?signature=abc",
        server.host(Origin::Cdn),
        weights.oid
    );
    let files = vec![
        File::git("config.json", "{}\n"),
        File::git("1_Pooling/config.json", "{}\n"),
        weights,
    ];
    server.publish("models/amoozgar/test", files);
    println!("endpoint {}\ncontent {content}", server.endpoint());
    loop {
        std::thread::park();
    }
}
