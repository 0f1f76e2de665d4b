//! From a fresh clone to the open window.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::Result;

use crate::interface::{self, Profile};
use crate::process::{self, root, target_dir};
use crate::{assets, setup};

/// Sets up, builds and opens the application.
pub fn run(args: &[String]) -> Result<()> {
    build_application()?;
    println!("xtask: opening Amoozgar");
    process::run(
        process::command(executable("release"))
            .args(args)
            .env("AMOOZGAR_RESOURCES", root().join("data"))
            .stdin(Stdio::inherit()),
        "run the application",
    )
}

/// Sets up and builds the interface and the release build of the application.
pub fn build_application() -> Result<()> {
    setup::for_building()?;
    assets::fetch()?;
    interface::build(Profile::Release)?;
    println!("xtask: building the application (the first time takes minutes)");
    process::run(
        process::cargo().args(["build", "--release", "--package", "amoozgar"]),
        "build the application",
    )
}

/// The application as a profile builds it.
pub fn executable(profile: &str) -> PathBuf {
    target_dir()
        .join(profile)
        .join(format!("amoozgar{}", std::env::consts::EXE_SUFFIX))
}
