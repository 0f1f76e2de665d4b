//! Whether there is a display to open a window on, asked before anything else is made: the toolkit itself
//! would end the program with a panic.

/// The display that windows open on.
///
/// # Errors
/// Where there is none: which was looked for, in a sentence for a terminal.
#[cfg(target_os = "linux")]
pub fn find() -> Result<(), String> {
    use std::env;

    // It connects to the display, so that one which does not answer is found as well.
    if gtk::init().is_ok() {
        return Ok(());
    }
    let named: Vec<String> = ["WAYLAND_DISPLAY", "DISPLAY"]
        .into_iter()
        .filter_map(|variable| {
            let name = env::var_os(variable).filter(|name| !name.is_empty())?;
            Some(format!("`{variable}={}`", name.display()))
        })
        .collect();
    let looked_for = if named.is_empty() {
        "neither `WAYLAND_DISPLAY` nor `DISPLAY` is set".to_owned()
    } else {
        format!("{} cannot be opened", named.join(" and "))
    };
    Err(format!(
        "there is no display for a window ({looked_for}); the commands that `amoozgar --help` lists need none"
    ))
}

/// Other systems have one wherever programs with windows run.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "on Linux there may be none")]
pub fn find() -> Result<(), String> {
    Ok(())
}
