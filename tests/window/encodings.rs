//! A text in an old encoding, as a person brings it: it is read, its letters are Persian ones, and the
//! encoding that was recognised is said.

use crate::support::desktop::Desktop;
use crate::support::window::{SOON, Window, journey};
use anyhow::{Context, Result, ensure};
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn a_text_in_windows_1256_comes_in_and_its_encoding_is_said() -> Result<()> {
    journey("window-encodings", encodings).await
}

async fn encodings(desktop: &Desktop, window: &Window) -> Result<()> {
    // «كتاب من گم شد» by the code page.
    const BYTES: &[u8] = b"\xDF\xCA\xC7\xC8 \xE3\xE4 \x90\xE3 \xD4\xCF\r\n\r\n\xDF\xCA\xC7\xC8\r\n";
    let file = desktop.data_dir().with_file_name("old.txt");
    fs::write(&file, BYTES)?;
    window.make_profile("سارا").await?;
    window.click("nav-datasets").await?;
    let path = file.display().to_string();
    window.type_into("dataset-import-path", &path).await?;
    window.click("dataset-import-submit").await?;
    window.see_text(".toast", "Windows-1256").await?;
    window.click_text("a", "old").await?;
    let rows = window.text("dataset-rows").await?;
    ensure!(rows.contains("کتاب من گم شد"), "the rows are `{rows}`");
    let note = window.text("dataset-encoding").await?;
    ensure!(note.contains("Windows-1256"), "it says `{note}`");

    // What is no text that can be read is refused where it stands.
    fs::write(&file, b"caf\xE9 \xE0 la carte\n")?;
    window.click("nav-datasets").await?;
    window.find("dataset-import-path", SOON).await?;
    window.type_into("dataset-import-path", &path).await?;
    window.click("dataset-import-submit").await?;
    window
        .see_text("[role=alert]", "Windows-1256")
        .await
        .context("the refusal")
}
