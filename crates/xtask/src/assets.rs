//! Third-party assets, by the ordinary clients: font, charts, wasm-opt and axe from npm (pinned
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

/// What shrinks the interface, below `ui/node_modules`.
pub const WASM_OPT: &str = "binaryen/bin/wasm-opt";
/// What the window's tests look for barriers with, below `ui/node_modules`.
pub const AXE: &str = "axe-core/axe.min.js";

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

/// Fetches what the interface needs from npm, unless it is there.
pub fn fetch_interface() -> Result<()> {
    let ui = root().join("ui");
    let modules = ui.join("node_modules");
    let lock = fs::read_to_string(ui.join("package-lock.json"))
        .context("could not read ui/package-lock.json")?;
    // npm ci checks every hash of the lock file; the copy says which lock file that was.
    let stamp = modules.join(".amoozgar-lock.json");
    let wanted = || {
        NPM_ASSETS
            .iter()
            .map(|asset| asset.from)
            .chain([WASM_OPT, AXE])
    };
    let complete = wanted().all(|file| modules.join(file).is_file());
    if complete && fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("xtask: fetching the font, the charts and the tools of the build (npm ci in ui/)");
    process::run(
        process::command(npm())
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&ui),
        "fetch the interface's packages",
    )?;
    for file in wanted() {
        if !modules.join(file).is_file() {
            bail!("npm did not bring `ui/node_modules/{file}`");
        }
    }
    fs::write(&stamp, lock).with_context(|| format!("could not write `{}`", stamp.display()))
}
