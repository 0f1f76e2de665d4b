//! Third-party assets, by the ordinary clients: the font and the chart library from npm (pinned
//! by ui/package-lock.json), the Divan of Hafez from `PyPI`. Never committed.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::hafez;
use crate::process::{self, npm, root};

/// A file that the interface takes from an npm package.
pub struct NpmAsset {
    /// Below `ui/node_modules`.
    pub from: &'static str,
    /// Below ui/dist.
    pub to: &'static str,
}

/// All of them.
pub const NPM_ASSETS: &[NpmAsset] = &[
    NpmAsset {
        from: "vazirmatn/fonts/webfonts/Vazirmatn[wght].woff2",
        to: "fonts/vazirmatn.woff2",
    },
    NpmAsset {
        from: "vazirmatn/OFL.txt",
        to: "fonts/OFL.txt",
    },
    NpmAsset {
        from: "uplot/dist/uPlot.iife.min.js",
        to: "vendor/uplot.js",
    },
    NpmAsset {
        from: "uplot/dist/uPlot.min.css",
        to: "vendor/uplot.css",
    },
    NpmAsset {
        from: "uplot/LICENSE",
        to: "vendor/uplot.LICENSE",
    },
];

/// Fetches what is missing. The interface cannot be without its font and charts; without Hafez
/// the bundled stories remain, so that failure is a warning.
pub fn fetch() -> Result<()> {
    fetch_interface()?;
    if let Err(error) = hafez::fetch() {
        println!("xtask: WARNING: the Divan of Hafez could not be fetched: {error:#}");
        println!("xtask: the bundled stories remain; `cargo xtask assets` tries again");
    }
    Ok(())
}

/// Fetches the font and the charts, unless they are there.
pub fn fetch_interface() -> Result<()> {
    let ui = root().join("ui");
    let modules = ui.join("node_modules");
    let lock = fs::read_to_string(ui.join("package-lock.json"))
        .context("could not read ui/package-lock.json")?;
    // npm ci checks every hash of the lock file; the copy says which lock file that was.
    let stamp = modules.join(".amoozgar-lock.json");
    let complete = NPM_ASSETS
        .iter()
        .all(|asset| modules.join(asset.from).is_file());
    if complete && fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("xtask: fetching the font and the chart library (npm ci in ui/)");
    process::run(
        process::command(npm())
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&ui),
        "fetch the font and the chart library",
    )?;
    for asset in NPM_ASSETS {
        if !modules.join(asset.from).is_file() {
            bail!("npm did not bring `ui/node_modules/{}`", asset.from);
        }
    }
    fs::write(&stamp, lock).with_context(|| format!("could not write `{}`", stamp.display()))
}
