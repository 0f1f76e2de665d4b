//! The application from outside: its command line, a private desktop, and its window.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::format_collect,
    clippy::doc_markdown,
    clippy::struct_field_names,
    clippy::unused_self,
    missing_docs,
    dead_code,
    unused_imports
)]

#[cfg(target_os = "linux")]
pub mod clicks;
pub mod command_line;
#[cfg(target_os = "linux")]
pub mod database;
#[cfg(target_os = "linux")]
pub mod desktop;
#[cfg(target_os = "linux")]
pub mod display;
#[cfg(target_os = "linux")]
pub mod downloads;
#[cfg(target_os = "linux")]
pub mod drag;
#[cfg(target_os = "linux")]
pub mod history;
#[cfg(target_os = "linux")]
pub mod listening;
#[cfg(target_os = "linux")]
pub mod long_history;
#[cfg(target_os = "linux")]
pub mod looks;
#[cfg(target_os = "linux")]
pub mod tray;
#[cfg(target_os = "linux")]
pub mod window;

use anyhow::{Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// How often something that is waited for is looked at.
pub const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The executable under test.
pub fn executable() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_amoozgar"))
}

/// The source tree's `data` folder, with the bundled samples.
pub fn resources() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data")
}

/// Asks again and again until there is an answer, and says what was missing after `limit`.
pub fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            bail!("{what} did not come within {limit:?}");
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Waits for a process to end by itself.
pub fn wait_for_end(child: &mut Child, limit: Duration) -> Result<ExitStatus> {
    wait_for("the end of the process", limit, || Ok(child.try_wait()?))
}

/// Persian text for training: plain sentences, different enough to make a vocabulary.
pub fn persian_text(n_documents: usize) -> String {
    const WHO: &[&str] = &[
        "پسرک",
        "دخترک",
        "باغبان",
        "گربه",
        "گنجشک",
        "مادربزرگ",
        "روباه",
    ];
    const WHERE: &[&str] = &["در باغ", "کنار رودخانه", "روی کوه", "در خانه", "زیر درخت"];
    const WHAT: &[&str] = &[
        "سیب سرخی",
        "کتاب کهنه‌ای",
        "ستاره‌ای",
        "آواز خوشی",
        "راه تازه‌ای",
        "دوست مهربانی",
    ];
    const DID: &[&str] = &["پیدا کرد", "دید", "آرزو کرد", "به یاد آورد"];
    let pick = |list: &[&str], number: usize| list[number % list.len()].to_owned();
    (0..n_documents)
        .map(|number| {
            format!(
                "روزی {} {} {} {}. فردای آن روز {} هم {} {}.\n\n",
                pick(WHO, number),
                pick(WHERE, number / 3),
                pick(WHAT, number / 2),
                pick(DID, number / 5),
                pick(WHO, number + 3),
                pick(WHAT, number + 1),
                pick(DID, number + 1),
            )
        })
        .collect()
}

/// Reads every file of a folder and those within, and fails where `secret` stands in one.
///
/// Returns what was looked at.
pub fn files_without(dir: &Path, secret: &str) -> Result<Vec<PathBuf>> {
    let mut looked_at = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            looked_at.extend(files_without(&path, secret)?);
        } else if path.is_file() {
            let bytes = std::fs::read(&path)?;
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            ensure!(!found, "the secret is in `{}`", path.display());
            looked_at.push(path);
        }
    }
    Ok(looked_at)
}
