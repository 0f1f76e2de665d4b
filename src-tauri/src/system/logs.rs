//! The program's logs as an archive for others, without secrets and names.

use super::redact::redact;
use crate::db::Db;
use crate::error::{self, io_error};
use crate::files;
use crate::paths::Paths;
use amoozgar_store::Store;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::WrittenFile;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Of a very long log, its end.
const MOST_LOG_BYTES: u64 = 8 << 20;

/// Writes the logs to the file that a person chose. Blocks.
pub fn export(db: &Db, paths: &Paths, to: &str) -> Result<WrittenFile, ApiError> {
    let path = files::chosen(to)?;
    let home = dirs::home_dir().map(|home| home.display().to_string());
    // The log is the whole program's: who else uses it is nobody's business.
    let profiles = db.now(Store::list_users)?;
    let names: Vec<String> = profiles.into_iter().map(|user| user.name).collect();
    let archive = archive(&paths.logs(), home.as_deref(), &names)?;
    files::write_chosen(&path, &archive)?;
    Ok(WrittenFile {
        path: path.display().to_string(),
        size_bytes: archive.len() as u64,
    })
}

/// The logs of a folder as an archive, and what program and system they are of.
fn archive(logs: &Path, home: Option<&str>, names: &[String]) -> Result<Vec<u8>, ApiError> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut add = |name: &str, text: &str| {
        zip.start_file(name, SimpleFileOptions::default())
            .map_err(std::io::Error::other)
            .and_then(|()| zip.write_all(text.as_bytes()))
            .map_err(|failure| io_error(logs, &failure))
    };
    add(
        "about.txt",
        &format!(
            "amoozgar {}\n{} {}\n",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH
        ),
    )?;
    for path in log_files(logs)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = end_of(&path)?;
        add(&format!("logs/{name}"), &redact(&text, home, names))?;
    }
    zip.finish()
        .map(std::io::Cursor::into_inner)
        .map_err(|failure| error::internal("the archive could not be made", &failure))
}

fn log_files(logs: &Path) -> Result<Vec<PathBuf>, ApiError> {
    let listed = fs::read_dir(logs).map_err(|failure| io_error(logs, &failure))?;
    let mut found: Vec<PathBuf> = listed
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|ending| ending == "log"))
        .collect();
    found.sort();
    Ok(found)
}

fn end_of(path: &Path) -> Result<String, ApiError> {
    let bytes = fs::read(path).map_err(|failure| io_error(path, &failure))?;
    let from = bytes.len().saturating_sub(MOST_LOG_BYTES as usize);
    Ok(String::from_utf8_lossy(bytes.get(from..).unwrap_or_default()).into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::archive;
    use std::io::{Cursor, Read};

    #[test]
    fn an_archive_of_logs_holds_every_log_and_no_planted_secret() {
        let dir = tempfile::tempdir().unwrap();
        let secret = "hf_PlantedSecret0123456789";
        for day in ["2026-11-22", "2026-11-23"] {
            std::fs::write(
                dir.path().join(format!("amoozgar.{day}.log")),
                format!(
                    "INFO started in /home/sara/x\nWARN token: {secret}\nWARN {secret}\n\
                     INFO «نیما محمدی» signed in\n"
                ),
            )
            .unwrap();
        }
        std::fs::write(dir.path().join("other.db"), secret).unwrap();
        let bytes = archive(
            dir.path(),
            Some("/home/sara"),
            &["نیما محمدی".to_owned(), "a".to_owned()],
        )
        .unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
        assert_eq!(zip.len(), 3, "two logs and what they are of");
        for index in 0..zip.len() {
            let mut text = String::new();
            zip.by_index(index)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert!(!text.contains(secret), "the secret is in `{text}`");
            assert!(!text.contains("sara"), "the person is in `{text}`");
            assert!(!text.contains("نیما"), "a profile is in `{text}`");
            assert!(
                text.contains("amoozgar") || text.contains("started"),
                "a single letter is no name"
            );
        }
    }
}
