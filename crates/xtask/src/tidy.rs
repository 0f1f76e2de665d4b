//! The rules of the house that a compiler does not check: a document at the head of each file,
//! sizes, edges between crates and between the modules of one, lock files, formatting. Every violation is listed, not the first.

mod contract;
mod edges;
mod layers;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process::{self, root};

const MAX_LINES: usize = 600;
/// Parts of the repository that hold Rust sources.
const SOURCES: &[&str] = &["benches", "crates", "src-tauri", "tests", "ui/src"];
const LOCK_FILES: &[&str] = &["Cargo.lock", "ui/package-lock.json"];
/// The one registry a lock file may name: the source id of crates.io, the same on any machine.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks everything and fails with the list.
pub fn tidy() -> Result<()> {
    let mut violations = Vec::new();
    let files = rust_files()?;
    for file in &files {
        let text = fs::read_to_string(root().join(file))
            .with_context(|| format!("could not read `{}`", file.display()))?;
        check_source(file, &text, &mut violations);
        contract::check(file, &text, &mut violations);
    }
    for name in LOCK_FILES {
        let text = fs::read_to_string(root().join(name)).with_context(|| format!("no `{name}`"))?;
        check_lock(name, &text, &mut violations);
    }
    edges::check(&mut violations)?;
    layers::check(&mut violations)?;
    if process::run(
        process::cargo().args(["fmt", "--all", "--check", "--", "--files-with-diff"]),
        "check the formatting",
    )
    .is_err()
    {
        violations.push("formatting differs from rustfmt's; run `cargo fmt --all`".to_owned());
    }
    if violations.is_empty() {
        println!("xtask: tidy ({} source files)", files.len());
        return Ok(());
    }
    for violation in &violations {
        println!("xtask: {violation}");
    }
    bail!("{} rules are broken", violations.len());
}

/// Rust sources relative to the root, in order.
fn rust_files() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open: Vec<PathBuf> = SOURCES.iter().map(PathBuf::from).collect();
    while let Some(next) = open.pop() {
        let path = root().join(&next);
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                open.push(next.join(entry?.file_name()));
            }
        } else if next.extension().is_some_and(|extension| extension == "rs") {
            files.push(next);
        }
    }
    files.sort();
    Ok(files)
}

fn check_source(file: &Path, text: &str, violations: &mut Vec<String>) {
    let name = file.display();
    if !is_test(file) && !text.starts_with("//!") {
        violations.push(format!("`{name}` does not open with `//!`"));
    }
    let n_lines = text.lines().count();
    if n_lines > MAX_LINES {
        violations.push(format!(
            "`{name}` has {n_lines} lines, more than {MAX_LINES}"
        ));
    }
    for line in doc_tests(text) {
        violations.push(format!(
            "`{name}:{line}` has a test in its documents, which nothing runs; say ```text or put it in tests"
        ));
    }
    for (index, line) in text.lines().enumerate() {
        for word in unfinished() {
            if words(line).any(|found| found == word) {
                violations.push(format!("`{name}:{}` says `{word}`", index + 1));
            }
        }
    }
}

/// Lines of documents that open a block of code which rustdoc would run: one that does not say `text`.
fn doc_tests(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let document = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"));
        if let Some(language) = document.and_then(|words| words.trim_start().strip_prefix("```")) {
            if !inside && language.trim() != "text" {
                found.push(index + 1);
            }
            inside = !inside;
        }
    }
    found
}

/// Words that mark unfinished work, spelt so that this file passes.
fn unfinished() -> [String; 5] {
    [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["to", "do"],
        ["unimple", "mented"],
        ["stu", "b"],
    ]
    .map(|halves| halves.concat())
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// A file of a tests/ directory, or a unit-test module in a file of its own.
fn is_test(file: &Path) -> bool {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    stem == "tests"
        || stem.ends_with("_tests")
        || file.components().any(|part| part.as_os_str() == "tests")
}

/// Registries are the reader's choice: a lock file gives versions and hashes.
fn check_lock(name: &str, text: &str, violations: &mut Vec<String>) {
    for (index, line) in text.lines().enumerate() {
        let source = line.trim().starts_with("source = ") && !line.contains(CRATES_IO);
        let resolved = line.trim().starts_with("\"resolved\":") && line.contains("://");
        if source || resolved {
            violations.push(format!("`{name}:{}` names a registry host", index + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source_violations(file: &str, text: &str) -> usize {
        let mut violations = Vec::new();
        check_source(Path::new(file), text, &mut violations);
        violations.len()
    }

    #[test]
    fn a_source_without_a_head_is_a_violation_and_a_test_is_not() {
        assert_eq!(
            source_violations("crates/a/src/b.rs", "fn f() {}\n"),
            1,
            "no head"
        );
        assert_eq!(
            source_violations("crates/a/src/b.rs", "//! B.\n"),
            0,
            "has one"
        );
        assert_eq!(source_violations("tests/b.rs", "fn f() {}\n"), 0, "a test");
    }

    #[test]
    fn long_files_and_unfinished_work_are_violations() {
        let long = "//! Long.\n".to_owned() + &"\n".repeat(MAX_LINES);
        assert_eq!(source_violations("a.rs", &long), 1, "one line too many");
        let unfinished = format!("//! A.\nfn f() {{ {}!() }}\n", unfinished()[2]);
        assert_eq!(source_violations("a.rs", &unfinished), 1, "a macro");
    }

    #[test]
    fn a_block_of_code_in_a_document_says_that_it_is_text() {
        let text = "//! A.\n//! ```text\n//! a\n//! ```\nfn f() {}\n";
        assert_eq!(source_violations("a.rs", text), 0, "a drawing");
        let test = "//! A.\n    /// ```\n    /// assert!(true);\n    /// ```\n";
        assert_eq!(source_violations("a.rs", test), 1, "one, not its end");
    }

    #[test]
    fn a_lock_file_may_name_crates_io_and_nothing_else() {
        let mut violations = Vec::new();
        check_lock("a", &format!("source = \"{CRATES_IO}\"\n"), &mut violations);
        assert!(violations.is_empty(), "crates.io is the same everywhere");
        check_lock(
            "a",
            "source = \"sparse+https://mirror.example/\"\n  \"resolved\": \"https://npm.example/a.tgz\",\n",
            &mut violations,
        );
        assert_eq!(violations.len(), 2, "both lines name a host");
    }
}
