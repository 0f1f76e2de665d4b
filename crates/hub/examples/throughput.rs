//! Downloads `amoozgar/test` from an endpoint into a folder, hash included, and prints seconds and
//! the most memory that was held. See docs/benchmarks.md.
//!
//! `cargo run --release --package amoozgar-hub --example throughput -- http://127.0.0.1:PORT DIR`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use amoozgar_hub::{
    Cache, Control, Endpoint, Hub, Links, Network, Proxy, Repo, RepoKind, Request, Revision,
    Selection, Settings, Surroundings,
};
use std::time::Instant;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (endpoint, dir) = (arguments.next().unwrap(), arguments.next().unwrap());
    let network = Network {
        endpoint: Endpoint::at(&endpoint),
        proxy: Proxy::None,
        ..Network::default()
    };
    let request = Request {
        repo: Repo::new(RepoKind::Model, "amoozgar/test").unwrap(),
        revision: Revision::main(),
        selection: Selection::Needed,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let begun = Instant::now();
    let (plan, outcome) = runtime.block_on(async {
        let hub = Hub::new(&network, Surroundings::system(1)).unwrap();
        let control = Control::new();
        let plan = hub.plan(&request, &control).await.unwrap();
        let cache = Cache::new(dir, Links::Auto);
        let outcome = hub
            .download(&cache, &plan, &Settings::default(), &control, &|_| ())
            .await;
        (plan, outcome)
    });
    let seconds = begun.elapsed().as_secs_f64();
    println!("{outcome:?}");
    println!(
        "{seconds:.2} s, {:.0} MB/s",
        plan.total_bytes() as f64 / 1e6 / seconds
    );
    #[cfg(target_os = "linux")]
    for line in std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("VmHWM"))
    {
        println!("{line}");
    }
}
