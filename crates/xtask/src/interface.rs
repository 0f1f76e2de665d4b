//! Builds the interface into ui/dist: WebAssembly, its bindings, the page, styles, font, charts.
//!
//! wasm-bindgen is used as a library, so that its version is always the one of Cargo.lock.
//! ui/dist is replaced as a whole, and left alone where nothing in it would change: the
//! application embeds it and would be rebuilt.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::assets::{NPM_ASSETS, WASM_OPT};
use crate::process::{self, root, target_dir};

const TARGET: &str = "wasm32-unknown-unknown";
const WASM_NAME: &str = "amoozgar-ui_bg.wasm";

/// How the interface is compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Small: what is shipped and tested.
    Release,
    /// Quick to build.
    Debug,
}

/// Builds ui/dist. Fetches the npm assets first where they are missing.
pub fn build(profile: Profile) -> Result<()> {
    crate::assets::fetch_interface()?;
    let wasm = compile(profile)?;
    let staged = process::scratch("dist")?;
    bind(&wasm, &staged, profile)?;
    if profile == Profile::Release {
        optimize(&staged.join(WASM_NAME))?;
    }
    collect_static(&staged)?;
    let dist = root().join("ui/dist");
    let size = fs::metadata(staged.join(WASM_NAME))?.len();
    if dist.is_dir() && listing(&staged)? == listing(&dist)? {
        println!("xtask: ui/dist is up to date ({} KB of wasm)", size / 1000);
        return Ok(());
    }
    process::replace_dir(&staged, &dist)?;
    println!("xtask: ui/dist is built ({} KB of wasm)", size / 1000);
    Ok(())
}

fn compile(profile: Profile) -> Result<PathBuf> {
    let (cargo_profile, folder) = match profile {
        Profile::Release => ("wasm", "wasm"),
        Profile::Debug => ("dev", "debug"),
    };
    let target = target_dir().join("ui");
    process::run(
        process::cargo()
            .args(["build", "--package", "amoozgar-ui", "--bin", "amoozgar-ui"])
            .args(["--target", TARGET, "--profile", cargo_profile])
            .arg("--target-dir")
            .arg(&target)
            // wasm-bindgen reads the section `target_features`, which stripping would remove;
            // it removes the rest itself.
            .env("CARGO_PROFILE_WASM_STRIP", "none"),
        "compile the interface",
    )?;
    Ok(target.join(TARGET).join(folder).join("amoozgar-ui.wasm"))
}

fn bind(wasm: &Path, out: &Path, profile: Profile) -> Result<()> {
    let debug = profile == Profile::Debug;
    Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .typescript(false)
        .keep_debug(debug)
        .remove_name_section(!debug)
        .remove_producers_section(true)
        .generate(out)
        .with_context(|| format!("could not make bindings for `{}`", wasm.display()))?;
    if !out.join(WASM_NAME).is_file() {
        bail!("the bindings lack `{WASM_NAME}`");
    }
    Ok(())
}

/// Shrinks the module by the wasm-opt that npm brought (Debian's cannot read today's modules).
/// Only features that every webview of the last years knows are allowed in what it writes.
fn optimize(wasm: &Path) -> Result<()> {
    let program = root().join("ui/node_modules").join(WASM_OPT);
    let small = wasm.with_extension("small");
    let done = process::command("node")
        .arg(program)
        .args(["-Oz", "--enable-bulk-memory", "--enable-reference-types"])
        .args(["--enable-nontrapping-float-to-int", "--enable-sign-ext"])
        .args(["--enable-mutable-globals", "--enable-multivalue"])
        .arg(wasm)
        .arg("-o")
        .arg(&small)
        .output();
    match done {
        Ok(done) if done.status.success() => fs::rename(&small, wasm)?,
        // The interface works without, only larger.
        Ok(done) => println!(
            "xtask: wasm-opt left the module as it is: {}",
            String::from_utf8_lossy(&done.stderr).trim()
        ),
        Err(error) => println!("xtask: wasm-opt could not start, so the module is larger: {error}"),
    }
    if small.exists() {
        fs::remove_file(&small)?;
    }
    Ok(())
}

/// The page and what it links to.
fn collect_static(staged: &Path) -> Result<()> {
    let ui = root().join("ui");
    copy(&ui.join("index.html"), &staged.join("index.html"))?;
    if ui.join("boot.js").is_file() {
        copy(&ui.join("boot.js"), &staged.join("boot.js"))?;
    }
    // The help shows the guide as it stands in the documents.
    for (folder, to) in [
        ("styles", "styles"),
        ("static", ""),
        ("../docs/guide", "guide"),
    ] {
        let from = ui.join(folder);
        if from.is_dir() {
            copy_tree(&from, &staged.join(to))?;
        }
    }
    for asset in NPM_ASSETS {
        copy(
            &ui.join("node_modules").join(asset.from),
            &staged.join(asset.to),
        )?;
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    for (name, _) in listing(from)? {
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::copy(from, to)
        .with_context(|| format!("could not copy `{}` to `{}`", from.display(), to.display()))?;
    Ok(())
}

/// Every file below a directory, with its content.
fn listing(dir: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(next) = open.pop() {
        let entries =
            fs::read_dir(&next).with_context(|| format!("could not list `{}`", next.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(dir)?.to_path_buf();
                files.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(files)
}
