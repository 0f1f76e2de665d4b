//! Photographs of every page, by the tests that visit every page of the real window.

use anyhow::Result;

use crate::interface::{self, Profile};
use crate::process::{self, root};
use crate::{assets, setup};

/// Leaves a picture a page, theme and width in target/screenshots/pages.
pub fn screenshots() -> Result<()> {
    setup::for_tests()?;
    assets::fetch()?;
    interface::build(Profile::Release)?;
    let folder = root().join("target/screenshots/pages");
    process::run(
        process::cargo()
            .args(["test", "--test", "window", "--", "pages::", "settings::"])
            .env("AMOOZGAR_SCREENSHOTS", &folder),
        "visit every page",
    )?;
    println!("xtask: the pictures are in `{}`", folder.display());
    Ok(())
}
