//! What building and testing need from the machine. Missing things are installed where rustup
//! and apt-get can, after saying what and why; elsewhere the exact list is printed.

use std::env;

use anyhow::{Context, Result, bail};

use crate::process::{self, npm, python};

/// A system package of Debian and its kin, and why it is needed.
struct Package {
    name: &'static str,
    why: &'static str,
}

/// Needed to compile the application.
const BUILD_PACKAGES: &[Package] = &[
    Package {
        name: "libwebkit2gtk-4.1-dev",
        why: "the window's web view",
    },
    Package {
        name: "libayatana-appindicator3-dev",
        why: "the tray",
    },
    Package {
        name: "librsvg2-dev",
        why: "icons",
    },
    Package {
        name: "pkg-config",
        why: "finding the libraries above",
    },
];

/// Needed beside those to drive the real window in tests.
const TEST_PACKAGES: &[Package] = &[
    Package {
        name: "webkit2gtk-driver",
        why: "driving the window",
    },
    Package {
        name: "xvfb",
        why: "a display for the window",
    },
    Package {
        name: "dbus",
        why: "a session bus for notifications and the single instance",
    },
    Package {
        name: "dunst",
        why: "receiving notifications",
    },
    Package {
        name: "xdotool",
        why: "reading and closing windows",
    },
    Package {
        name: "gnome-keyring",
        why: "a keyring for the access token",
    },
    Package {
        name: "libfaketime",
        why: "a clock that is set back",
    },
];

/// What those packages bring, as it is called.
const TEST_PROGRAMS: &[&str] = &[
    "WebKitWebDriver",
    "Xvfb",
    "dbus-daemon",
    "dunst",
    "xdotool",
    "gnome-keyring-daemon",
];

/// The same for other systems, to be installed by hand.
const ELSEWHERE: &str = "\
Fedora:  sudo dnf install webkit2gtk4.1-devel libappindicator-gtk3-devel librsvg2-devel \
pkgconf-pkg-config gcc
         for tests also: webkitgtk6.0 xorg-x11-server-Xvfb dbus-daemon dunst xdotool gnome-keyring \
libfaketime
Arch:    sudo pacman -S --needed webkit2gtk-4.1 libayatana-appindicator librsvg pkgconf base-devel
         for tests also: xorg-server-xvfb dbus dunst xdotool gnome-keyring \
libfaketime
macOS:   xcode-select --install
Windows: Microsoft C++ Build Tools, and the WebView2 runtime (part of Windows 11):
         winget install Microsoft.VisualStudio.2022.BuildTools Microsoft.EdgeWebView2Runtime";

/// Prepares the machine to build and run the application.
pub fn for_building() -> Result<()> {
    clients()?;
    wasm_target()?;
    if has_apt() {
        return install(BUILD_PACKAGES.iter().collect());
    }
    without_apt(&[])
}

/// Prepares the machine to run the tests as well.
pub fn for_tests() -> Result<()> {
    clients()?;
    wasm_target()?;
    if has_apt() {
        return install(BUILD_PACKAGES.iter().chain(TEST_PACKAGES).collect());
    }
    without_apt(TEST_PROGRAMS)
}

/// Node's npm is needed for the interface's assets; Python for the sample text alone.
fn clients() -> Result<()> {
    if !process::is_there(npm()) {
        bail!(
            "`npm` is not installed; it brings the interface's font and charts. \
             Install Node.js 18 or newer (https://nodejs.org, or your system's package `npm`)"
        );
    }
    let pip_is_there = python().is_some_and(|python| {
        process::command(python)
            .args(["-m", "pip", "--version"])
            .output()
            .is_ok_and(|output| output.status.success())
    });
    if !pip_is_there {
        println!(
            "xtask: WARNING: Python 3 with pip is not installed; it brings the Divan of Hafez \
             (your system's packages `python3` and `python3-pip`). The bundled stories remain."
        );
    }
    Ok(())
}

fn wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let mut rustc = process::command(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let library = process::output(
        rustc.args(["--print", "target-libdir", "--target", TARGET]),
        "find its WebAssembly library",
    )?;
    if std::path::Path::new(library.trim()).is_dir() {
        return Ok(());
    }
    println!("xtask: installing the Rust target {TARGET}, which the interface is compiled to");
    process::run(
        process::command("rustup").args(["target", "add", TARGET]),
        "add the WebAssembly target (without rustup, install it as your system does)",
    )
}

fn has_apt() -> bool {
    cfg!(target_os = "linux") && process::is_there("apt-get")
}

fn install(wanted: Vec<&Package>) -> Result<()> {
    let missing: Vec<&Package> = wanted
        .into_iter()
        .filter(|package| !is_installed(package.name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("xtask: installing system packages with apt-get:");
    for package in &missing {
        println!("xtask:   {} ({})", package.name, package.why);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let by_hand = format!("sudo apt-get install {}", names.join(" "));
    apt_get(&["update", "--quiet"]).with_context(|| format!("run by hand: {by_hand}"))?;
    let mut install = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    install.extend(names);
    apt_get(&install).with_context(|| format!("run by hand: {by_hand}"))
}

fn is_installed(package: &str) -> bool {
    process::command("dpkg-query")
        .args(["--show", "--showformat", "${db:Status-Status}", package])
        .output()
        .is_ok_and(|output| output.stdout.starts_with(b"installed"))
}

/// As root, or through sudo: without a question where nobody is there to answer.
fn apt_get(args: &[&str]) -> Result<()> {
    let is_root = process::output(process::command("id").arg("-u"), "ask who runs this")
        .is_ok_and(|id| id.trim() == "0");
    let mut command = if is_root {
        process::command("env")
    } else if process::is_there("sudo") {
        let mut sudo = process::command("sudo");
        if env::var_os("CI").is_some() {
            sudo.arg("--non-interactive");
        }
        sudo.arg("env");
        sudo
    } else {
        bail!("installing system packages needs root, and `sudo` is not installed");
    };
    process::run(
        command
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
            .args(args),
        "install system packages",
    )
}

/// Another system: what is needed is there, or the list is printed. `WebView2` and `WKWebView` are
/// part of current systems, and the tests of the window run on Linux alone.
fn without_apt(programs: &[&str]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let mut missing: Vec<&str> = programs
        .iter()
        .copied()
        .filter(|program| !is_on_path(program))
        .collect();
    for library in ["webkit2gtk-4.1", "librsvg-2.0"] {
        let found = process::command("pkg-config")
            .args(["--exists", library])
            .status()
            .is_ok_and(|status| status.success());
        if !found {
            missing.push(library);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "this system has no apt-get, and these are missing: {}. Install them:\n{ELSEWHERE}",
        missing.join(", ")
    );
}

fn is_on_path(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}
