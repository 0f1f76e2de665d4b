//! A debug build that is rebuilt and reopened when a source file changes.
//!
//! Files are compared by modification time twice a second: a few hundred of them, which costs
//! less than a watcher's dependency.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::interface::{self, Profile};
use crate::process::{self, root};
use crate::run::executable;
use crate::{assets, setup};

/// Where a change means a new build; a missing one is skipped.
const WATCHED: &[&str] = &[
    "ui/src",
    "ui/styles",
    "ui/static",
    "ui/index.html",
    "src-tauri",
    "crates/types/src",
    "crates/text/src",
    "crates/data/src",
    "crates/engine/src",
    "crates/store/src",
    "tauri.conf.json",
];
const POLL: Duration = Duration::from_millis(500);

/// Runs until the application is closed by its user or a signal ends us.
pub fn dev() -> Result<()> {
    setup::for_building()?;
    assets::fetch()?;
    loop {
        let built = newest();
        let mut child = match build() {
            Ok(()) => Some(open()?),
            Err(error) => {
                println!("xtask: {error:#}; waiting for a change");
                None
            }
        };
        loop {
            if newest() > built {
                println!("xtask: a file changed");
                break;
            }
            if let Some(open) = &mut child
                && open.try_wait()?.is_some()
            {
                println!("xtask: the application was closed");
                return Ok(());
            }
            thread::sleep(POLL);
        }
        if let Some(mut open) = child {
            // It may have ended by itself in between, which is as good.
            let _ = open.kill();
            open.wait().context("could not close the application")?;
        }
    }
}

fn build() -> Result<()> {
    interface::build(Profile::Debug)?;
    process::run(
        process::cargo().args(["build", "--package", "amoozgar"]),
        "build the application",
    )
}

fn open() -> Result<Child> {
    process::command(executable("debug"))
        .env("AMOOZGAR_RESOURCES", root().join("data"))
        .spawn()
        .context("could not open the application")
}

fn newest() -> Option<SystemTime> {
    WATCHED
        .iter()
        .filter_map(|path| newest_below(&root().join(path)))
        .max()
}

fn newest_below(path: &Path) -> Option<SystemTime> {
    let own = fs::metadata(path).ok()?.modified().ok()?;
    let Ok(entries) = fs::read_dir(path) else {
        return Some(own);
    };
    entries
        .filter_map(|entry| newest_below(&entry.ok()?.path()))
        .chain([own])
        .max()
}
