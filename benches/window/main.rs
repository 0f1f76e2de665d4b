//! Measurements in the real window, on a desktop of their own: `cargo xtask measure pages` and
//! `cargo xtask measure memory` start this release build. It prints figures and asserts none of them,
//! since machines differ; docs/benchmarks.md records them.
#![cfg_attr(
    target_os = "linux",
    allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)
)]

#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod pages;
#[cfg(target_os = "linux")]
#[path = "../../tests/support/mod.rs"]
mod support;

#[cfg(target_os = "linux")]
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `cargo bench` adds an argument of its own.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["pages"] => pages::measure().await,
        ["memory", seconds] => {
            memory::measure(std::time::Duration::from_secs(seconds.parse()?)).await
        }
        other => anyhow::bail!("`pages` or `memory SECONDS` can be measured, not {other:?}"),
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> anyhow::Result<()> {
    anyhow::bail!("the window is driven on Linux only")
}
