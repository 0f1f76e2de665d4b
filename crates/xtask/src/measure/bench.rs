//! The default model on the Divan of Hafez, timed, and measured against gzip -9 on the same
//! held-out text. docs/benchmarks.md records the figures.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::hafez;
use crate::process;
use crate::run::{build_application, executable};

/// Trains, evaluates and prints; the run is left in target/xtask/bench.
pub fn measure() -> Result<()> {
    build_application()?;
    let validation = hafez::dir().join("validation.txt");
    let gzip = gzip_bits_per_byte(&validation)?;
    let work = process::scratch("bench")?;
    let spec = work.join("spec.toml");
    fs::write(
        &spec,
        format!(
            "name = \"bench\"\n[dataset]\ntrain = '{}'\nvalidation = '{}'\n",
            hafez::dir().join("train.txt").display(),
            validation.display()
        ),
    )?;
    println!("xtask: training the default model on Hafez (events in target/xtask/bench)");
    let job = work.join("job");
    let started = Instant::now();
    process::run(
        process::command(executable("release"))
            .arg("train")
            .arg(&spec)
            .arg("--job-dir")
            .arg(&job)
            .stdout(File::create(work.join("events.jsonl"))?),
        "train the default model",
    )?;
    let seconds = started.elapsed().as_secs_f64();
    let report = process::output(
        process::command(executable("release"))
            .args(["evaluate", "--json", "--model"])
            .arg(job.join("final"))
            .arg("--data")
            .arg(&validation),
        "evaluate the model",
    )?;
    println!("training: {seconds:.0} s");
    println!("evaluate: {}", report.trim());
    println!("gzip -9:  {gzip:.3} bits per byte");
    Ok(())
}

/// Bits per byte that `gzip -9` needs for the file.
fn gzip_bits_per_byte(path: &Path) -> Result<f64> {
    let text = fs::read(path).with_context(|| format!("could not read `{}`", path.display()))?;
    let mut child = process::command("gzip")
        .args(["-9", "--stdout", "--no-name"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("could not start `gzip`")?;
    let mut input = child.stdin.take().context("BUG: the input is piped")?;
    let n_bytes = text.len();
    let writer = std::thread::spawn(move || input.write_all(&text));
    let packed = child.wait_with_output().context("could not run `gzip`")?;
    if !matches!(writer.join(), Ok(Ok(()))) || !packed.status.success() {
        bail!("`gzip` failed on `{}`", path.display());
    }
    Ok(packed.stdout.len() as f64 * 8.0 / n_bytes as f64)
}
