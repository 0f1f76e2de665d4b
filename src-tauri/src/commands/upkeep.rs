//! Looking after the program: what the system can do, back-up and restore, logs for others.

use super::place::at_rest;
use super::{Answer, Request};
use crate::autostart::{self, Wanted};
use crate::db::blocking;
use crate::redact::redact;
use crate::state::App;
use crate::{error, files, power, window, wipe};
use amoozgar_store::{Backup, Store, inspect, prepare_restore};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{
    BackupSummary, DatabaseBackup, DatabaseInspect, DatabaseRestore, FilePlace, LogsExport,
    SystemAbilities, SystemAbilitiesGet, SystemAutostart, WipeEverything, WrittenFile,
};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tauri::{AppHandle, State};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Of a very long log, its end.
const MOST_LOG_BYTES: u64 = 8 << 20;

/// What the machine and the system can do.
#[tauri::command]
pub async fn system_abilities(
    state: State<'_, App>,
    request: Request<SystemAbilitiesGet>,
) -> Answer<SystemAbilitiesGet> {
    let () = request;
    state.user()?;
    blocking(|| {
        Ok(SystemAbilities {
            battery: power::battery(),
            can_prevent_sleep: power::can_prevent_sleep(),
            starts_with_system: autostart::state(),
        })
    })
    .await
}

/// Lets the program start with the system, or no longer.
#[tauri::command]
pub async fn system_autostart(
    state: State<'_, App>,
    request: Request<SystemAutostart>,
) -> Answer<SystemAutostart> {
    state.user()?;
    blocking(move || {
        autostart::set(if request { Wanted::On } else { Wanted::Off })?;
        Ok(autostart::state().unwrap_or(false))
    })
    .await
}

/// Writes the whole database to a file.
#[tauri::command]
pub async fn database_backup(
    state: State<'_, App>,
    request: Request<DatabaseBackup>,
) -> Answer<DatabaseBackup> {
    state.user()?;
    let path = files::chosen(&request.path)?;
    if path == state.paths.database() {
        return Err(ApiError::invalid_field("path"));
    }
    let db = state.db.clone();
    blocking(move || {
        let size_bytes = db.now(|store| store.back_up(&path))?;
        Ok(written(&path, size_bytes))
    })
    .await
}

/// Looks at a back-up.
#[tauri::command]
pub async fn database_inspect(
    state: State<'_, App>,
    request: Request<DatabaseInspect>,
) -> Answer<DatabaseInspect> {
    state.user()?;
    blocking(move || {
        let FilePlace { path } = request;
        let Backup {
            version,
            n_users,
            n_jobs,
            latest_ms,
        } = inspect(Path::new(&path)).map_err(|failure| error::of_store(&failure))?;
        Ok(BackupSummary {
            path,
            version,
            n_users,
            n_jobs,
            latest_ms,
        })
    })
    .await
}

/// Puts a back-up in the database's place and starts the program again; never while a run is live.
#[tauri::command]
pub async fn database_restore(
    app: AppHandle,
    state: State<'_, App>,
    request: Request<DatabaseRestore>,
) -> Answer<DatabaseRestore> {
    state.user()?;
    if state.live.get().is_some() {
        return Err(error::invalid_state("a run is live"));
    }
    let database = state.paths.database();
    blocking(move || {
        prepare_restore(&database, Path::new(&request.path))
            .map(drop)
            .map_err(|failure| error::of_store(&failure))
    })
    .await?;
    tracing::info!("a back-up takes the database's place at the next start");
    window::restart(&app);
    Ok(())
}

/// Removes everything at a start that follows at once; never while something is at work.
#[tauri::command]
pub async fn wipe_everything(
    app: AppHandle,
    state: State<'_, App>,
    request: Request<WipeEverything>,
) -> Answer<WipeEverything> {
    let () = request;
    state.user()?;
    at_rest(&state).await?;
    let paths = state.paths.clone();
    blocking(move || wipe::ask(&paths)).await?;
    window::restart(&app);
    Ok(())
}

/// Writes the program's logs to an archive, without secrets.
#[tauri::command]
pub async fn logs_export(
    state: State<'_, App>,
    request: Request<LogsExport>,
) -> Answer<LogsExport> {
    state.user()?;
    let path = files::chosen(&request.path)?;
    let logs = state.paths.logs();
    let db = state.db.clone();
    blocking(move || {
        let home = dirs::home_dir().map(|home| home.display().to_string());
        // The log is the whole program's: who else uses it is nobody's business.
        let profiles = db.now(Store::list_users)?;
        let names: Vec<String> = profiles.into_iter().map(|user| user.name).collect();
        let archive = archive(&logs, home.as_deref(), &names)?;
        files::write_atomically(&path, &archive)?;
        Ok(written(&path, archive.len() as u64))
    })
    .await
}

fn written(path: &Path, size_bytes: u64) -> WrittenFile {
    WrittenFile {
        path: path.display().to_string(),
        size_bytes,
    }
}

/// The logs of a folder as an archive, and what program and system they are of.
fn archive(logs: &Path, home: Option<&str>, names: &[String]) -> Result<Vec<u8>, ApiError> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut add = |name: &str, text: &str| {
        zip.start_file(name, SimpleFileOptions::default())
            .map_err(std::io::Error::other)
            .and_then(|()| zip.write_all(text.as_bytes()))
            .map_err(|failure| error::io_error(logs, &failure))
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
    let listed = fs::read_dir(logs).map_err(|failure| error::io_error(logs, &failure))?;
    let mut found: Vec<PathBuf> = listed
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|ending| ending == "log"))
        .collect();
    found.sort();
    Ok(found)
}

fn end_of(path: &Path) -> Result<String, ApiError> {
    let bytes = fs::read(path).map_err(|failure| error::io_error(path, &failure))?;
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
