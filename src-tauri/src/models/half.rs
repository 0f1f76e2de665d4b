//! Where a model lies until it is here as a whole, so that a half of it is never listed: a folder of its
//! own for each import, which goes with the import unless it is put in its place.

use super::installed::imported_dir;
use crate::clock::new_id;
use crate::error::io_error;
use crate::files;
use crate::hold::{Claim, Settled};
use crate::paths::Paths;
use amoozgar_types::ApiError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How the name of every half begins.
pub const HALF: &str = ".importing-";
/// Of an imported model's name: file systems take 255 bytes, and a number may follow.
const MAX_NAME_CHARS: usize = 100;
/// Models of one name.
const MAX_NUMBER: u32 = 1000;

/// A model on its way among the imported ones.
pub struct Half<'a> {
    paths: &'a Paths,
    claim: Claim,
}

impl<'a> Half<'a> {
    /// A folder that is not there yet, and that nobody takes for a leftover while this lives.
    pub fn begin(paths: &'a Paths, settled: &Settled) -> Result<Self, ApiError> {
        files::create_dir(&paths.models())?;
        let path = paths.models().join(format!("{HALF}{}", new_id()));
        Ok(Self {
            paths,
            claim: settled.claim(&path),
        })
    }

    /// Where its files go.
    pub fn path(&self) -> &Path {
        self.claim.path()
    }

    /// Puts what is whole among the imported models, under the name that people gave or one like it.
    /// Nothing is overwritten.
    pub fn place(self, name: &str) -> Result<PathBuf, ApiError> {
        let name = file_name(self.paths, name);
        for number in 1..=MAX_NUMBER {
            let to = match number {
                1 => imported_dir(self.paths, &name)?,
                _ => imported_dir(self.paths, &format!("{name} {number}"))?,
            };
            // Making the folder takes the name, also from an import that ends at the same moment.
            match fs::create_dir(&to) {
                Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made.map_err(|failure| io_error(&to, &failure))?,
            }
            let placed =
                take_place(self.path(), &to).and_then(|()| files::sync_dir(&self.paths.models()));
            return match placed {
                Ok(()) => Ok(to),
                Err(failure) => {
                    files::remove_dir(&to)?;
                    Err(io_error(&to, &failure))
                }
            };
        }
        Err(ApiError::invalid_field("path"))
    }
}

/// Renames a folder to one that is empty.
fn take_place(from: &Path, to: &Path) -> io::Result<()> {
    // Windows replaces no folder.
    if cfg!(windows) {
        fs::remove_dir(to)?;
    }
    fs::rename(from, to)
}

impl Drop for Half<'_> {
    fn drop(&mut self) {
        // What was put in its place is not here any more.
        if let Err(failure) = files::remove_dir(self.path()) {
            tracing::warn!(error = %failure, "the half of an import is left");
        }
    }
}

/// A name that every system takes for a folder, as close as can be to the one that people gave.
pub fn file_name(paths: &Paths, name: &str) -> String {
    let fit = |c: char| !c.is_control() && !r#"/\:*?"<>|"#.contains(c);
    let plain: String = name.chars().map(|c| if fit(c) { c } else { '-' }).collect();
    let plain: String = plain.chars().take(MAX_NAME_CHARS).collect();
    let plain = plain.trim_matches(|c: char| c == '.' || c.is_whitespace());
    if imported_dir(paths, plain).is_ok() {
        plain.to_owned()
    } else {
        // A device's name on Windows, or nothing that is left.
        format!("model {plain}").trim().to_owned()
    }
}
