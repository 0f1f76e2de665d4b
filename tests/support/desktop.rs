//! A desktop of its own for one test: a display, a message bus, a notification daemon, a tray and
//! a WebDriver. Everything that was started ends with it.

use super::display::Display;
use super::tray::Tray;
use super::{executable, resources, wait_for};
use anyhow::{Context, Result, bail, ensure};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The window's title.
const TITLE: &str = "آموزگار";
const START: Duration = Duration::from_secs(30);

/// The desktop.
pub struct Desktop {
    folder: TempDir,
    program: PathBuf,
    display: String,
    bus: String,
    tray: Option<Tray>,
    port: u16,
    children: Vec<Child>,
}

impl Desktop {
    pub fn start() -> Result<Self> {
        Self::start_with("")
    }

    /// A desktop whose owner wants no motion.
    pub fn start_still() -> Result<Self> {
        Self::start_with("gtk-enable-animations=0\n")
    }

    /// A desktop whose application sees a clock that [`Self::set_clock`] sets; its waits are real ones.
    pub fn start_with_clock() -> Result<Self> {
        const LIBRARIES: [&str; 3] = [
            "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
            "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
            "/usr/lib/faketime/libfaketimeMT.so.1",
        ];
        let library = LIBRARIES.iter().find(|path| Path::new(path).is_file());
        let library = library.context("no libfaketime; `cargo xtask setup --tests` installs it")?;
        let mut desktop = Self::start_with("")?;
        let (program, clock) = (desktop.folder.path().join("clocked"), desktop.clock());
        fs::write(
            &program,
            format!(
                "#!/bin/sh\nexport LD_PRELOAD={library} FAKETIME_TIMESTAMP_FILE='{}' \
                 FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1\nexec '{}' \"$@\"\n",
                clock.display(),
                executable().display()
            ),
        )?;
        make_executable(&program)?;
        desktop.program = program;
        desktop.set_clock("+0")?;
        Ok(desktop)
    }

    /// Sets the application's clock ahead or back from the real one, as `-2d`.
    pub fn set_clock(&self, by: &str) -> Result<()> {
        let new = self.clock().with_extension("new");
        fs::write(&new, format!("{by}\n"))?;
        Ok(fs::rename(new, self.clock())?)
    }

    fn clock(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// What is started as the application.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// A desktop with these lines among its settings.
    fn start_with(settings: &str) -> Result<Self> {
        let folder = TempDir::new()?;
        for name in ["data", "home", "runtime", "logs"] {
            fs::create_dir(folder.path().join(name))?;
        }
        restrict(&folder.path().join("runtime"))?;
        let toolkit = folder.path().join("home/config/gtk-3.0");
        fs::create_dir_all(&toolkit)?;
        fs::write(
            toolkit.join("settings.ini"),
            format!("[Settings]\n{settings}"),
        )?;
        let mut desktop = Self {
            folder,
            program: executable(),
            display: String::new(),
            bus: String::new(),
            tray: None,
            port: 0,
            children: Vec::new(),
        };
        desktop.start_display()?;
        desktop.start_bus()?;
        desktop.tray = Some(Tray::start(&desktop.bus)?);
        desktop.start_notification_daemon()?;
        desktop.start_webdriver()?;
        Ok(desktop)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of the message bus.
    pub fn bus(&self) -> &str {
        &self.bus
    }

    /// Everything that the notification daemon was asked to show.
    pub fn notifications(&self) -> String {
        self.log("dunst.out")
    }

    /// Clicks the notification that is shown.
    pub fn click_notification(&self) -> Result<()> {
        let status = self
            .command(Path::new("dunstctl"))
            .arg("action")
            .status()
            .context("`dunstctl` comes with dunst")?;
        if !status.success() {
            bail!("dunstctl action: {status}");
        }
        Ok(())
    }

    /// The tray, with the application's icon in it.
    pub fn tray(&self) -> Result<&Tray> {
        self.tray.as_ref().context("the desktop has a tray")
    }

    /// What a process of the desktop wrote.
    pub fn log(&self, name: &str) -> String {
        let bytes = fs::read(self.folder.path().join("logs").join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Starts the application once more, as a person would who lost sight of it, and waits for the
    /// end of that second process.
    pub fn start_again(&self) -> Result<()> {
        let mut child = self
            .command(&executable())
            .stdout(Stdio::null())
            .stderr(self.log_file("second-start.err")?)
            .spawn()?;
        let status = super::wait_for_end(&mut child, START);
        if status.is_err() {
            child.kill()?;
            child.wait()?;
        }
        let status = status.context("a second start must hand over and end")?;
        if !status.success() {
            bail!("the second start ended with {status}");
        }
        Ok(())
    }

    /// Starts the application without a driver, so that it is nobody's but the caller's to end.
    pub fn launch(&self) -> Result<Child> {
        self.command(&executable())
            .env_remove("TAURI_AUTOMATION")
            .env_remove("TAURI_WEBVIEW_AUTOMATION")
            .stdout(Stdio::null())
            .stderr(self.log_file("launched.err")?)
            .spawn()
            .context("could not start the application")
    }

    /// Starts a keyring and unlocks it, as signing in to a desktop does; it ends with the answer.
    pub fn start_keyring(&self) -> Result<Keyring> {
        let mut child = self
            .command(Path::new("gnome-keyring-daemon"))
            .args(["--foreground", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(self.log_file("keyring.out")?)
            .stderr(self.log_file("keyring.err")?)
            .spawn()
            .context("could not start `gnome-keyring-daemon`; `cargo xtask test` installs it")?;
        // The password ends with the input.
        let mut input = child.stdin.take().context("the input was asked for")?;
        std::io::Write::write_all(&mut input, b"open sesame")?;
        drop(input);
        let keyring = Keyring(child);
        wait_for("the keyring", START, || {
            let owned = self.owns_name("org.freedesktop.secrets")?;
            Ok(owned.then_some(()))
        })?;
        Ok(keyring)
    }

    /// Whether a service has this name on the desktop's bus.
    fn owns_name(&self, name: &str) -> Result<bool> {
        let output = self
            .command(Path::new("dbus-send"))
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/",
            ])
            .arg("org.freedesktop.DBus.NameHasOwner")
            .arg(format!("string:{name}"))
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).contains("boolean true"))
    }

    /// How many secrets of the application the keyring holds.
    pub fn n_secrets(&self) -> Result<usize> {
        let answer = self
            .command(Path::new("dbus-send"))
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.secrets",
                "/org/freedesktop/secrets",
                "org.freedesktop.Secret.Service.SearchItems",
                "dict:string:string:service,ir.amoozgar.app",
            ])
            .output()
            .context("`dbus-send` comes with dbus")?;
        if !answer.status.success() {
            bail!("{}", String::from_utf8_lossy(&answer.stderr));
        }
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        Ok(text.matches("object path").count())
    }

    /// Kills the application, as a power cut would, whoever started it.
    pub fn end_application(&self) -> Result<()> {
        wait_for("the end of the application", START, || {
            let living = self.applications();
            for pid in &living {
                // It may have ended meanwhile.
                let _ = kill_hard(*pid);
            }
            Ok(living.is_empty().then_some(()))
        })
    }

    /// Asks the window's process to end, as the end of a session does.
    pub fn ask_application_to_end(&self) -> Result<()> {
        let windows = self.windows();
        ensure!(!windows.is_empty(), "no window's process is there");
        for pid in windows {
            let status = Command::new("kill").arg(pid.to_string()).status()?;
            ensure!(status.success(), "kill {pid}: {status}");
        }
        Ok(())
    }

    /// Waits until no window's process is left, since a second start hands over to the first and ends.
    pub fn wait_for_end_of_application(&self) -> Result<()> {
        wait_for("the end of the application", START, || {
            Ok(self.windows().is_empty().then_some(()))
        })
    }

    /// The most that the window's own process has held in memory so far, in KiB.
    pub fn window_peak_kib(&self) -> Result<u64> {
        let windows = self.windows();
        let [pid] = windows.as_slice() else {
            bail!("not one window's process, but {windows:?}");
        };
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number
            .context("no `VmHWM` in the process's status")?
            .parse()?)
    }

    /// The application's processes that are no children of a window.
    fn windows(&self) -> Vec<u32> {
        const CHILDREN: [&[u8]; 4] = [b"worker", b"inspect", b"measure", b"infer"];
        let mut windows = self.applications();
        windows.retain(|pid| {
            let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            !words
                .split(|byte| *byte == 0)
                .any(|word| CHILDREN.contains(&word))
        });
        windows
    }

    /// The window's children of a kind, as `infer`.
    pub fn children(&self, kind: &str) -> Vec<u32> {
        let mut children = self.applications();
        children.retain(|pid| {
            let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            words
                .split(|byte| *byte == 0)
                .any(|word| word == kind.as_bytes())
        });
        children
    }

    /// The application's processes, a window's children among them.
    fn applications(&self) -> Vec<u32> {
        let name = executable();
        let mut living = self.inhabitants();
        living.retain(|pid| fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == name));
        living
    }

    /// Whether the application's window can be seen now.
    pub fn window_is_visible(&self) -> Result<bool> {
        Ok(!Display::open(&self.display)?.visible(TITLE)?.is_empty())
    }

    /// The display, and the application's window on it.
    pub fn display(&self) -> Result<(Display, u32)> {
        let display = Display::open(&self.display)?;
        let window = display.visible(TITLE)?;
        let window = *window.first().context("the window is visible")?;
        Ok((display, window))
    }

    /// The folder of the person who uses the desktop.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Asks the window to close, as the cross in its corner does, and waits until it is gone.
    pub fn close_window(&self) -> Result<()> {
        let display = Display::open(&self.display)?;
        for window in display.visible(TITLE)? {
            display.ask_to_close(window)?;
        }
        wait_for("the hiding of the window", START, || {
            Ok((!self.window_is_visible()?).then_some(()))
        })
    }

    /// Gives the window another size, as a person does at its edge, and waits until it has it.
    pub fn resize_window(&self, width: u32, height: u32) -> Result<()> {
        let display = Display::open(&self.display)?;
        let window = display.visible(TITLE)?;
        let window = *window.first().context("the window is visible")?;
        display.resize(window, width, height)?;
        wait_for("the window's new size", START, || {
            Ok((display.size(window)? == (width, height)).then_some(()))
        })
    }

    /// Waits until the window can be seen.
    pub fn see_window(&self) -> Result<()> {
        wait_for("a visible window", START, || {
            Ok(self.window_is_visible()?.then_some(()))
        })
    }

    /// Saves what the display shows.
    pub fn photograph(&self, path: &Path) -> Result<()> {
        let status = self
            .command(Path::new("import"))
            .args(["-window", "root"])
            .arg(path)
            .status()?;
        if status.success() {
            Ok(())
        } else {
            bail!("import: {status}")
        }
    }

    fn start_display(&mut self) -> Result<()> {
        let numbers = self.log_file("display")?;
        let mut command = Command::new("Xvfb");
        command
            .args(["-displayfd", "1", "-screen", "0", "1400x1000x24"])
            .args(["-nolisten", "tcp"])
            .stdout(numbers)
            .stderr(self.log_file("Xvfb.err")?);
        self.keep("Xvfb", &mut command)?;
        let number = wait_for("a display", START, || {
            Ok(complete_line(&self.log("display")))
        })?;
        self.display = format!(":{number}");
        Ok(())
    }

    fn start_bus(&mut self) -> Result<()> {
        let mut command = self.command(Path::new("dbus-daemon"));
        command
            .args(["--session", "--print-address=1", "--nofork", "--nopidfile"])
            .stdout(self.log_file("address")?)
            .stderr(self.log_file("dbus-daemon.err")?);
        self.keep("dbus-daemon", &mut command)?;
        self.bus = wait_for("a message bus", START, || {
            Ok(complete_line(&self.log("address")))
        })?;
        Ok(())
    }

    fn start_notification_daemon(&mut self) -> Result<()> {
        let mut command = self.command(Path::new("dunst"));
        command
            .arg("-print")
            .stdout(self.log_file("dunst.out")?)
            .stderr(self.log_file("dunst.err")?);
        self.keep("dunst", &mut command)?;
        wait_for("the notification daemon", START, || {
            let owned = self.owns_name("org.freedesktop.Notifications")?;
            Ok(owned.then_some(()))
        })
    }

    fn start_webdriver(&mut self) -> Result<()> {
        self.port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = self.command(Path::new("WebKitWebDriver"));
        command
            .arg(format!("--port={}", self.port))
            .stdout(self.log_file("app.out")?)
            .stderr(self.log_file("app.err")?);
        self.keep("WebKitWebDriver", &mut command)?;
        let address = ([127, 0, 0, 1], self.port).into();
        wait_for("the WebDriver", START, || {
            Ok(std::net::TcpStream::connect_timeout(&address, START).ok())
        })?;
        Ok(())
    }

    /// A command on this desktop: its display, its bus, its folders and no others.
    fn command(&self, program: &Path) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new(program);
        command
            .env("HOME", folder.join("home"))
            .env("XDG_RUNTIME_DIR", folder.join("runtime"))
            .env("XDG_CONFIG_HOME", folder.join("home/config"))
            .env("XDG_DATA_HOME", folder.join("home/share"))
            .env("XDG_CACHE_HOME", folder.join("home/cache"))
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("AMOOZGAR_DATA_DIR", self.data_dir())
            .env("AMOOZGAR_RESOURCES", resources())
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("LANG", "C.UTF-8")
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env_remove("WAYLAND_DISPLAY")
            .stdin(Stdio::null());
        command
    }

    fn log_file(&self, name: &str) -> Result<File> {
        Ok(File::create(self.folder.path().join("logs").join(name))?)
    }

    fn keep(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let child = command
            .spawn()
            .with_context(|| format!("could not start `{name}`; `cargo xtask test` installs it"))?;
        self.children.push(child);
        Ok(())
    }

    /// The processes that were started with this desktop's data folder: the application, its
    /// workers and its web processes.
    fn inhabitants(&self) -> Vec<u32> {
        let mark = format!("AMOOZGAR_DATA_DIR={}", self.data_dir().display());
        let Ok(processes) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        processes
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid: &u32| {
                fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
                    environment
                        .split(|byte| *byte == 0)
                        .any(|variable| variable == mark.as_bytes())
                })
            })
            .collect()
    }
}

/// A keyring that is open.
pub struct Keyring(Child);

impl Drop for Keyring {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for pid in self.inhabitants() {
            let _ = kill_hard(pid);
        }
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// SIGKILL: no process can catch it.
pub fn kill_hard(pid: u32) -> Result<()> {
    let status = Command::new("kill")
        .args(["-KILL", &pid.to_string()])
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        bail!("process {pid} could not be killed: {status}")
    }
}

/// The first line, once its end was written.
fn complete_line(text: &str) -> Option<String> {
    text.split_once('\n')
        .map(|(line, _)| line.trim().to_owned())
}

fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(
        path,
        fs::Permissions::from_mode(0o755),
    )?)
}

fn restrict(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    Ok(())
}
