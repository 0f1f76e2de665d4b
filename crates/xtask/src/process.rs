//! Where things are, and running other programs: every failure names the program and what it
//! was for.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The repository's root.
pub fn root() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir
        .ancestors()
        .nth(2)
        .map_or_else(|| crate_dir.to_path_buf(), Path::to_path_buf)
}

/// Where cargo builds: `CARGO_TARGET_DIR`, or `target` in the root.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A scratch directory of ours inside the repository's own `target`, emptied.
pub fn scratch(name: &str) -> Result<PathBuf> {
    let dir = root().join("target/xtask").join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| format!("could not empty `{}`", dir.display()))?;
    }
    fs::create_dir_all(&dir).with_context(|| format!("could not create `{}`", dir.display()))?;
    Ok(dir)
}

/// The cargo that runs us, to be run in the root.
pub fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program, to be run in the root and without our standard input.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs to the end and fails where it fails.
pub fn run(command: &mut Command, purpose: &str) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("could not start `{program}` to {purpose}"))?;
    if !status.success() {
        bail!("`{program}` failed to {purpose} ({status})");
    }
    Ok(())
}

/// Runs to the end and gives its standard output; what it says on standard error is shown.
pub fn output(command: &mut Command, purpose: &str) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("could not start `{program}` to {purpose}"))?;
    if !output.status.success() {
        bail!("`{program}` failed to {purpose} ({})", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{program}` did not write UTF-8"))
}

/// Whether the program can be started at all and says its version.
pub fn is_there(program: &str) -> bool {
    command(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// npm, whose executable on Windows is a batch file.
pub fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

/// Python 3 by the name it has here, if any.
pub fn python() -> Option<&'static str> {
    ["python3", "python"].into_iter().find(|name| {
        command(name)
            .args(["-c", "import sys; sys.exit(sys.version_info < (3, 8))"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

/// Puts a finished directory in another's place: what is there is whole at any time but between
/// two renames, and then absent rather than half.
pub fn replace_dir(staged: &Path, place: &Path) -> Result<()> {
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent)?;
    }
    let old = scratch("replaced")?.join("old");
    if place.exists() {
        fs::rename(place, &old)
            .with_context(|| format!("could not move `{}` away", place.display()))?;
    }
    fs::rename(staged, place)
        .with_context(|| format!("could not move a directory to `{}`", place.display()))?;
    scratch("replaced").map(|_| ())
}
