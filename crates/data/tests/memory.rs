//! What a file of a gigabyte costs: some times the longest line, whatever the file's size. The only test
//! of its process, since it measures what the process has used at most.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

use amoozgar_data::{DataError, MAX_LINE_BYTES, inspect};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::Command;
use std::thread::{self, JoinHandle};
use tempfile::TempDir;

const GIB: usize = 1 << 30;
/// What the process may use at most.
const MOST_BYTES: u64 = 512 << 20;

/// A pipe with a name, through which `n` times `piece` come for whoever opens it.
fn pipe(folder: &TempDir, name: &str, piece: String, n: usize) -> (PathBuf, JoinHandle<()>) {
    let path = folder.path().join(name);
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success(), "a pipe can be made");
    let to = path.clone();
    let writer = thread::spawn(move || {
        let mut out = OpenOptions::new().write(true).open(&to).unwrap();
        for _ in 0..n {
            match out.write_all(piece.as_bytes()) {
                // The reader has seen enough.
                Err(failure) if failure.kind() == ErrorKind::BrokenPipe => break,
                done => done.unwrap(),
            }
        }
    });
    (path, writer)
}

fn most_used_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.unwrap().parse::<u64>().unwrap() << 10
}

#[test]
fn a_gigabyte_on_one_line_is_refused_and_one_without_blank_lines_is_read_in_little_memory() {
    let folder = TempDir::new().unwrap();
    let line = "یک کتاب بلند بی‌هیچ پایان سطری ".repeat(100);
    let lines = format!("{}\n", line.trim()).repeat(100);

    let n = GIB / line.len();
    let (path, writer) = pipe(&folder, "line.txt", line, n);
    let refused = inspect(&path).unwrap_err();
    writer.join().unwrap();
    assert!(
        matches!(
            refused,
            DataError::LineTooLong { line: 1, limit_bytes, .. }
                if limit_bytes == MAX_LINE_BYTES as u64
        ),
        "one line: {refused}"
    );

    // More than three parts; normalizing a whole gigabyte would take the test long.
    let n = 3 * MAX_LINE_BYTES / lines.len() + 1;
    let (path, writer) = pipe(&folder, "lines.txt", lines, n);
    let summary = inspect(&path).unwrap();
    writer.join().unwrap();
    assert_eq!(
        summary.n_rows, 1,
        "a text without blank lines is one document"
    );

    // Code is looked for where a backtick stands; one byte a character is the most characters.
    let code = format!("`{}", "word ".repeat(10_000));
    let n = (MAX_LINE_BYTES - 1) / code.len();
    let (path, writer) = pipe(&folder, "code.txt", code, n);
    assert_eq!(
        inspect(&path).unwrap().n_rows,
        1,
        "a line just short enough"
    );
    writer.join().unwrap();

    let used = most_used_bytes();
    assert!(
        used < MOST_BYTES,
        "{used} bytes were used, {MOST_BYTES} at most were expected"
    );
}
