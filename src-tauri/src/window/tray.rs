//! The tray: the running job's name and percent, the download's, open, pause or resume, quit. A system without a
//! tray is served without one.

use super::ending::quit;
use super::front::show as show_window;
use crate::state::App;
use crate::words;
use amoozgar_types::download::DownloadRecord;
use amoozgar_types::job::{JobRecord, JobStatus};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use tauri::menu::{MenuBuilder, MenuEvent, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry};

const OPEN: &str = "open";
const TOGGLE: &str = "toggle";
const QUIT: &str = "quit";
const STATUS: &str = "status";
const DOWNLOAD: &str = "download";

struct Tray {
    icon: TrayIcon<Wry>,
    status: MenuItem<Wry>,
    download: MenuItem<Wry>,
    toggle: MenuItem<Wry>,
    shown: Mutex<Shown>,
}

/// What the tray says; it is touched only when that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    status: Option<String>,
    download: Option<String>,
    toggle: &'static str,
    can_toggle: bool,
}

/// Puts the icon into the tray. Where the system has none, that is logged and no more.
pub fn create(app: &AppHandle) {
    // The indicator library is loaded at run time, and the binding panics where it is missing.
    match catch_unwind(AssertUnwindSafe(|| build(app))) {
        Ok(Ok(tray)) => {
            app.manage(tray);
        }
        Ok(Err(failure)) => tracing::warn!(%failure, "there is no tray"),
        Err(_) => tracing::warn!("there is no tray: its library could not be loaded"),
    }
}

/// Shows how far the live run is, or that nothing runs.
pub fn show(app: &AppHandle, live: Option<&JobRecord>) {
    change(app, |shown| shown.with_run(live));
}

/// Shows how far a live download is, or that there is none.
pub fn show_download(app: &AppHandle, live: Option<&DownloadRecord>) {
    let line = live.map(|download| words::tray_download(&download.repo, download.percent));
    change(app, |shown| Shown {
        download: line,
        ..shown.clone()
    });
}

fn change(app: &AppHandle, next: impl FnOnce(&Shown) -> Shown) {
    let Some(tray) = app.try_state::<Tray>() else {
        return;
    };
    let next = {
        let mut shown = tray.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let next = next(&shown);
        if *shown == next {
            return;
        }
        *shown = next.clone();
        next
    };
    let changed = tray
        .status
        .set_text(next.status_line())
        .and_then(|()| tray.download.set_text(next.download_line()))
        .and_then(|()| tray.toggle.set_text(next.toggle))
        .and_then(|()| tray.toggle.set_enabled(next.can_toggle))
        .and_then(|()| tray.icon.set_tooltip(Some(next.tooltip())));
    if let Err(failure) = changed {
        tracing::debug!(%failure, "the tray could not be changed");
    }
}

impl Shown {
    fn idle() -> Self {
        Self {
            status: None,
            download: None,
            toggle: words::TRAY_PAUSE,
            can_toggle: false,
        }
    }

    fn with_run(&self, live: Option<&JobRecord>) -> Self {
        Self {
            status: live.map(|job| words::tray_progress(&job.name, job.progress)),
            download: self.download.clone(),
            toggle: match live.map(|job| job.status) {
                Some(JobStatus::Paused) => words::TRAY_RESUME,
                _ => words::TRAY_PAUSE,
            },
            can_toggle: live
                .is_some_and(|job| matches!(job.status, JobStatus::Running | JobStatus::Paused)),
        }
    }

    fn status_line(&self) -> &str {
        self.status.as_deref().unwrap_or(words::TRAY_IDLE)
    }

    fn download_line(&self) -> &str {
        self.download.as_deref().unwrap_or(words::TRAY_NO_DOWNLOAD)
    }

    fn tooltip(&self) -> String {
        let lines: Vec<&str> = [&self.status, &self.download]
            .into_iter()
            .filter_map(|line| line.as_deref())
            .collect();
        if lines.is_empty() {
            words::APP_NAME.to_owned()
        } else {
            lines.join("\n")
        }
    }
}

fn build(app: &AppHandle) -> tauri::Result<Tray> {
    let idle = Shown::idle();
    let status = MenuItem::with_id(app, STATUS, idle.status_line(), false, None::<&str>)?;
    let download = MenuItem::with_id(app, DOWNLOAD, idle.download_line(), false, None::<&str>)?;
    let toggle = MenuItem::with_id(app, TOGGLE, idle.toggle, false, None::<&str>)?;
    let menu = MenuBuilder::new(app)
        .item(&status)
        .item(&download)
        .item(&PredefinedMenuItem::separator(app)?)
        .text(OPEN, words::TRAY_OPEN)
        .item(&toggle)
        .text(QUIT, words::TRAY_QUIT)
        .build()?;
    let builder = TrayIconBuilder::with_id("main")
        .icon(tauri::include_image!("./icons/tray.png"))
        .tooltip(words::APP_NAME)
        .menu(&menu)
        .show_menu_on_left_click(false)
        .on_menu_event(on_menu)
        .on_tray_icon_event(on_icon);
    Ok(Tray {
        icon: builder.build(app)?,
        status,
        download,
        toggle,
        shown: Mutex::new(idle),
    })
}

fn on_menu(app: &AppHandle, event: MenuEvent) {
    match event.id().as_ref() {
        OPEN => show_window(app),
        TOGGLE => toggle(app),
        QUIT => quit(app),
        _ => {}
    }
}

fn on_icon(tray: &TrayIcon<Wry>, event: TrayIconEvent) {
    if let TrayIconEvent::Click {
        button: MouseButton::Left,
        button_state: MouseButtonState::Up,
        ..
    } = event
    {
        show_window(tray.app_handle());
    }
}

fn toggle(app: &AppHandle) {
    let state = app.state::<App>();
    let Some((owner, job)) = state.live.get() else {
        return;
    };
    let (jobs, hold) = (state.jobs.clone(), state.hold.clone());
    tauri::async_runtime::spawn(async move {
        let done = if job.status == JobStatus::Paused {
            match hold.settled() {
                Ok(settled) => jobs.resume(owner, job.job_id, &settled).await,
                Err(held) => Err(held),
            }
        } else {
            jobs.pause(owner, job.job_id).await
        };
        if let Err(failure) = done {
            tracing::info!(error = %failure, "the tray's order came too late");
        }
    });
}
