//! The system's own dialog for choosing a file.

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

/// Lets a person choose one file; `None` where they thought better of it.
pub async fn pick_file(title: &str, filters: Vec<FileFilter>) -> Result<Option<String>, ApiError> {
    let options = OpenOptions {
        options: Options {
            title: title.to_owned(),
            multiple: false,
            directory: false,
            filters,
        },
    };
    bridge::invoke("plugin:dialog|open", to_js(&options)?)
        .await
        .map(|chosen| chosen.as_string())
        .map_err(internal)
}
