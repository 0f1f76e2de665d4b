//! Starting with the system: a desktop entry on Linux, a launch agent on macOS, the `Run` key of the
//! registry on Windows. Only the user's own session is touched.

use crate::error::io_error;
#[cfg(not(windows))]
use crate::files;
use crate::paths::IDENTIFIER;
use amoozgar_types::{ApiError, ErrorCode};
use std::path::{Path, PathBuf};

/// Whether the program starts with the system; `None` where that cannot be arranged.
pub fn state() -> Option<bool> {
    #[cfg(windows)]
    return Some(registry(&["query", RUN_KEY, "/v", IDENTIFIER]).unwrap_or(false));
    #[cfg(not(windows))]
    entry().map(|path| path.is_file())
}

/// Lets the program start with the system, or no longer. Blocks.
pub fn set(wanted: Wanted) -> Result<(), ApiError> {
    let program = program()?;
    #[cfg(windows)]
    return windows(wanted, &program);
    #[cfg(not(windows))]
    {
        let path = entry().ok_or_else(|| {
            ApiError::detail(
                ErrorCode::Io,
                "the folder of the user's settings is unknown",
            )
        })?;
        write(&path, wanted, &program)
    }
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// It starts with the system.
    On,
    /// It does not.
    Off,
}

/// The file that is started: an `AppImage` names itself, since what runs lies in a folder of its own.
fn program() -> Result<PathBuf, ApiError> {
    if let Some(image) = std::env::var_os("APPIMAGE") {
        return Ok(PathBuf::from(image));
    }
    std::env::current_exe().map_err(|failure| io_error(Path::new("/proc/self/exe"), &failure))
}

#[cfg(not(windows))]
fn entry() -> Option<PathBuf> {
    if cfg!(target_os = "macos") {
        dirs::home_dir().map(|home| {
            home.join("Library/LaunchAgents")
                .join(format!("{IDENTIFIER}.plist"))
        })
    } else {
        dirs::config_dir().map(|config| {
            config
                .join("autostart")
                .join(format!("{IDENTIFIER}.desktop"))
        })
    }
}

#[cfg(not(windows))]
fn write(path: &Path, wanted: Wanted, program: &Path) -> Result<(), ApiError> {
    if wanted == Wanted::Off {
        return match std::fs::remove_file(path) {
            Err(failure) if failure.kind() != std::io::ErrorKind::NotFound => {
                Err(io_error(path, &failure))
            }
            _ => Ok(()),
        };
    }
    if let Some(folder) = path.parent() {
        files::create_dir(folder)?;
    }
    let program = program.to_string_lossy();
    let text = if cfg!(target_os = "macos") {
        launch_agent(&program)
    } else {
        desktop_entry(&program)
    };
    files::write_atomically(path, text.as_bytes())
}

#[cfg(not(windows))]
fn desktop_entry(program: &str) -> String {
    // The specification's quoting: backslash before what the shell would read, doubled percents.
    let mut quoted = String::new();
    for letter in program.chars() {
        match letter {
            // A backslash is read twice: as a string of the entry, then as a quoted argument.
            '\\' => quoted.push_str("\\\\\\\\"),
            '"' | '`' | '$' => {
                quoted.push_str("\\\\");
                quoted.push(letter);
            }
            '%' => quoted.push_str("%%"),
            other => quoted.push(other),
        }
    }
    format!(
        "[Desktop Entry]\nType=Application\nName=Amoozgar\nName[fa]=آموزگار\nExec=\"{quoted}\"\n\
         Terminal=false\nX-GNOME-Autostart-enabled=true\n"
    )
}

#[cfg(not(windows))]
fn launch_agent(program: &str) -> String {
    let escaped = program
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\"><dict>\n<key>Label</key><string>{IDENTIFIER}</string>\n\
         <key>ProgramArguments</key><array><string>{escaped}</string></array>\n\
         <key>RunAtLoad</key><true/>\n</dict></plist>\n"
    )
}

#[cfg(windows)]
const RUN_KEY: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";

/// Bytes of a line that `reg` may print, and how long it may take.
#[cfg(windows)]
const LINE_BYTES: usize = 1 << 16;
#[cfg(windows)]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Whether `reg` does what it is told. Blocks, also before the window is open.
#[cfg(windows)]
fn registry(arguments: &[&str]) -> Result<bool, ApiError> {
    use crate::process::child::{Launch, succeeds};
    let plain = Launch::new(Path::new("reg"), LINE_BYTES);
    let launch = arguments
        .iter()
        .fold(plain, |launch, argument| launch.argument(argument));
    tauri::async_runtime::block_on(succeeds(launch, PATIENCE))
}

#[cfg(windows)]
fn windows(wanted: Wanted, program: &Path) -> Result<(), ApiError> {
    let quoted = format!("\"{}\"", program.display());
    let arguments: Vec<&str> = match wanted {
        Wanted::On => vec!["add", RUN_KEY, "/v", IDENTIFIER, "/d", &quoted, "/f"],
        Wanted::Off if state() != Some(true) => return Ok(()),
        Wanted::Off => vec!["delete", RUN_KEY, "/v", IDENTIFIER, "/f"],
    };
    if registry(&arguments)? {
        Ok(())
    } else {
        Err(ApiError::detail(ErrorCode::Io, "the registry refused"))
    }
}

#[cfg(all(test, not(windows)))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Wanted, desktop_entry, launch_agent, write};
    use std::path::Path;

    #[test]
    fn starting_with_the_system_is_a_file_that_names_the_program_and_can_be_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("autostart/ir.amoozgar.app.desktop");
        let program = Path::new("/opt/my apps/amoozgar");
        write(&path, Wanted::On, program).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("/opt/my apps/amoozgar"),
            "the program in `{text}`"
        );
        write(&path, Wanted::Off, program).unwrap();
        assert!(!path.exists(), "taken back");
        write(&path, Wanted::Off, program).unwrap();
    }

    #[test]
    fn a_path_is_never_read_as_anything_but_a_path() {
        let entry = desktop_entry("/a \"b\"/100%/$c");
        assert!(
            entry.contains("Exec=\"/a \\\\\"b\\\\\"/100%%/\\\\$c\""),
            "quoted in `{entry}`"
        );
        assert!(
            launch_agent("/a<b>&c").contains("/a&lt;b&gt;&amp;c"),
            "escaped"
        );
    }
}
