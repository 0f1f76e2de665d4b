//! The system's own dialogs for choosing a file, a folder, or where to save.

use super::{bridge, internal, to_js};
use amoozgar_types::ApiError;
use serde::Serialize;

/// One kind of file that the dialog offers.
#[derive(Debug, Clone, Serialize)]
pub struct FileFilter {
    /// What people read.
    pub name: String,
    /// Endings without the dot.
    pub extensions: Vec<String>,
}

#[derive(Serialize)]
struct OpenOptions {
    options: Options,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    title: String,
    multiple: bool,
    directory: bool,
    filters: Vec<FileFilter>,
}

#[derive(Serialize)]
struct SaveOptions {
    options: Save,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Save {
    title: String,
    default_path: String,
    filters: Vec<FileFilter>,
}

/// Lets a person choose where to save a file; `name` is offered. `None` where they thought better of
/// it.
pub async fn pick_save(
    title: &str,
    name: &str,
    filter: FileFilter,
) -> Result<Option<String>, ApiError> {
    let options = SaveOptions {
        options: Save {
            title: title.to_owned(),
            default_path: name.to_owned(),
            filters: vec![filter],
        },
    };
    bridge::invoke("plugin:dialog|save", to_js(&options)?)
        .await
        .map(|chosen| chosen.as_string())
        .map_err(internal)
}

/// Lets a person choose one file; `None` where they thought better of it.
pub async fn pick_file(title: &str, filters: Vec<FileFilter>) -> Result<Option<String>, ApiError> {
    pick(Options {
        title: title.to_owned(),
        multiple: false,
        directory: false,
        filters,
    })
    .await
}

/// Lets a person choose one folder; `None` where they thought better of it.
pub async fn pick_folder(title: &str) -> Result<Option<String>, ApiError> {
    pick(Options {
        title: title.to_owned(),
        multiple: false,
        directory: true,
        filters: Vec::new(),
    })
    .await
}

async fn pick(options: Options) -> Result<Option<String>, ApiError> {
    let options = OpenOptions { options };
    bridge::invoke("plugin:dialog|open", to_js(&options)?)
        .await
        .map(|chosen| chosen.as_string())
        .map_err(internal)
}
