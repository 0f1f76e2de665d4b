//! Every test there is, with one summary as the last line of the output.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::interface::{self, Profile};
use crate::process;
use crate::{assets, setup};

/// What is tested, one `cargo test` after the other. xtask stands apart, with the features that it was
/// built with to run this: together with the rest its dependencies would be built again. Examples
/// are left to clippy, which checks that they compile; linking them would test nothing more. Documents
/// hold no tests (`cargo xtask tidy` sees to it).
const PACKAGES: &[&[&str]] = &[
    &["--workspace", "--exclude", "xtask", "--tests"],
    &["--package", "xtask"],
];

/// What the harnesses counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
}

impl Counts {
    /// Adds a harness's line `test result: ok. 12 passed; 0 failed; ...`; others count nothing.
    fn add(&mut self, line: &str) {
        let Some(result) = line.trim_start().strip_prefix("test result: ") else {
            return;
        };
        for part in result.split(['.', ';']) {
            let mut words = part.split_whitespace();
            if let (Some(number), Some(what)) = (words.next(), words.next())
                && let Ok(number) = number.parse::<u64>()
            {
                match what {
                    "passed" => self.passed += number,
                    "failed" => self.failed += number,
                    _ => {}
                }
            }
        }
    }
}

/// Sets up, builds the interface, and runs the tests whose name contains `filter`, or all.
pub fn test(filter: Option<&str>) -> Result<()> {
    setup::for_tests()?;
    assets::fetch()?;
    interface::build(Profile::Release)?;
    let mut counts = Counts::default();
    for packages in PACKAGES {
        let mut command = process::cargo();
        command
            .args(["test", "--no-fail-fast"])
            .args(*packages)
            .args(filter);
        run_and_count(&mut command, &mut counts)?;
    }
    println!("{} passed, {} failed", counts.passed, counts.failed);
    if counts.failed > 0 {
        std::process::exit(1);
    }
    if counts.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

/// Shows what the harnesses print and adds up what they counted.
fn run_and_count(command: &mut Command, counts: &mut Counts) -> Result<()> {
    let failed_before = counts.failed;
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("could not start `cargo test`")?;
    let output = child.stdout.take().context("BUG: the output is piped")?;
    let mut screen = std::io::stdout();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("could not read the tests' output")?;
        screen.write_all(&line)?;
        screen.write_all(b"\n")?;
        screen.flush()?;
        counts.add(&String::from_utf8_lossy(&line));
    }
    let status = child.wait().context("could not wait for `cargo test`")?;
    if !status.success() && counts.failed == failed_before {
        // A harness that did not build or died before its summary counts as one failure.
        counts.failed += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_all_harnesses_are_summed_and_other_lines_are_not() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.50s",
            "9 passed; 9 failed",
        ] {
            counts.add(line);
        }
        assert_eq!(
            counts,
            Counts {
                passed: 6,
                failed: 1
            },
            "two harnesses reported"
        );
    }
}
