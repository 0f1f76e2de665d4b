//! The measurements of `benches/window`, which need the programs that drive a window.

use anyhow::Result;

use crate::interface::{self, Profile};
use crate::process;
use crate::{assets, setup};

/// Builds the interface and the release build, and runs the bench with these arguments.
pub fn measure(arguments: &[&str]) -> Result<()> {
    setup::for_tests()?;
    assets::fetch()?;
    interface::build(Profile::Release)?;
    process::run(
        process::cargo()
            .args(["bench", "--bench", "window", "--"])
            .args(arguments),
        "measure the window",
    )
}
