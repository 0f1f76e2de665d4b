//! Who may read what the program writes: its owner alone, from the first byte, what an earlier version left
//! open too; and what a person has it write for themselves is as their own mask says.

use crate::support::desktop::Desktop;
use crate::support::window::{SOON, Window};
use crate::support::{persian_text, wait_for};
use anyhow::{Result, bail, ensure};
use serde_json::json;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What others may do.
const OTHERS: u32 = 0o077;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_program_writes_is_its_owners_alone_and_its_log_is_empty_at_the_end() -> Result<()>
{
    let desktop = Desktop::start()?;
    let data = desktop.data_dir();
    // As an earlier version left them.
    let old = data.join("jobs/old/checkpoints");
    fs::create_dir_all(&old)?;
    fs::write(old.join("weights"), "x")?;
    for folder in [&data.join("jobs"), &data.join("jobs/old"), &old] {
        fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    }
    fs::set_permissions(old.join("weights"), Permissions::from_mode(0o644))?;

    let window = Window::open(&desktop).await?;
    window.make_profile("سارا").await?;
    let text = data.with_file_name("متن.txt");
    fs::write(&text, persian_text(50))?;
    let imported = window
        .invoke("datasets_import", &json!({ "path": text, "name": "شیرین" }))
        .await?;
    ensure!(imported.is_ok(), "{imported:?}");
    wait_for("the closing of everything", SOON, || {
        Ok(open_to_others(&data)?.is_empty().then_some(()))
    })
    .map_err(|late| late.context(format!("{:?}", open_to_others(&data))))?;

    window.go("/settings/storage").await?;
    window.find("storage-place", SOON).await?;
    ensure!(
        !window.has("storage-open-to-others").await,
        "nothing to warn of"
    );
    let logs = data.with_file_name("logs.zip");
    let written = window
        .invoke("logs_export", &json!({ "path": logs }))
        .await?;
    ensure!(written.is_ok(), "{written:?}");
    let mine = data.with_file_name("mine");
    fs::write(&mine, "")?;
    ensure!(
        mode(&logs)? == mode(&mine)?,
        "what a person has written for themselves: {:o}",
        mode(&logs)?
    );
    let copy = data.with_file_name("copy.db");
    let written = window
        .invoke("database_backup", &json!({ "path": copy }))
        .await?;
    ensure!(written.is_ok(), "{written:?}");
    ensure!(
        mode(&copy)? == 0o600,
        "everybody's data: {:o}",
        mode(&copy)?
    );

    // A disk without modes forgets what was set.
    fs::set_permissions(data.join("jobs"), Permissions::from_mode(0o755))?;
    window.go("/").await?;
    window.go("/settings/storage").await?;
    window.find("storage-open-to-others", SOON).await?;

    let wal = data.join("amoozgar.db-wal");
    ensure!(fs::metadata(&wal)?.len() > 0, "the log was in use");
    desktop.ask_application_to_end()?;
    desktop.wait_for_end_of_application()?;
    let left = fs::metadata(&wal).map_or(0, |log| log.len());
    ensure!(left == 0, "{left} bytes lie in the log after the end");
    window.end_session().await;
    Ok(())
}

/// What others may read or enter, below the data folder, which a person named.
fn open_to_others(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        // Files come and go while the program runs.
        let Ok(about) = fs::symlink_metadata(&path) else {
            continue;
        };
        if about.is_symlink() {
            continue;
        }
        if about.permissions().mode() & OTHERS != 0 {
            found.push(path.clone());
        }
        if about.is_dir() {
            found.extend(open_to_others(&path)?);
        }
    }
    Ok(found)
}

fn mode(path: &Path) -> Result<u32> {
    if !path.exists() {
        bail!("no `{}`", path.display());
    }
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}
