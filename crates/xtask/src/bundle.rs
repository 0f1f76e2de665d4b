//! Installable packages, by Tauri's own bundler from npm.

use anyhow::Result;

use crate::interface::{self, Profile};
use crate::process::{self, npm};
use crate::{assets, setup};

/// The bundler is the application's sibling: the same release as the `tauri` crate.
const BUNDLER: &str = "@tauri-apps/cli@2.12.5";

/// Builds packages of the given kinds (`deb`, `rpm`, `appimage`, ...) into target/release/bundle.
pub fn bundle(bundles: &str) -> Result<()> {
    setup::for_building()?;
    assets::fetch()?;
    interface::build(Profile::Release)?;
    process::run(
        process::command(npm())
            .args(["exec", "--yes", &format!("--package={BUNDLER}"), "--"])
            .args(["tauri", "build", "--ci", "--bundles", bundles]),
        "bundle the application",
    )?;
    println!("xtask: the packages are in target/release/bundle");
    Ok(())
}
